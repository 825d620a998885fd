//! Text from the cluster is hostile.

/// Whether a terminal might obey `c`, or whether it hides or reorders what stands around it.
pub(super) fn is_deceptive(c: char) -> bool {
    c.is_control()
}
