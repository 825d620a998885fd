//! A list that keeps only its last items.

use std::collections::VecDeque;
use std::collections::vec_deque::Iter;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The last `N` items of a list, and the number of items before them.
#[derive(Clone, Debug)]
pub(in crate::report) struct Tail<T, const N: usize> {
    kept: VecDeque<T>,
    left_out: usize,
}

impl<T, const N: usize> Default for Tail<T, N> {
    fn default() -> Self {
        Self { kept: VecDeque::new(), left_out: 0 }
    }
}

impl<T, const N: usize> Tail<T, N> {
    pub(in crate::report) fn push(&mut self, item: T) {
        if self.kept.len() == N {
            self.kept.pop_front();
            self.left_out += 1;
        }
        self.kept.push_back(item);
    }

    /// The kept items, in order.
    pub(in crate::report) fn iter(&self) -> Iter<'_, T> {
        self.kept.iter()
    }

    pub(in crate::report) fn last_mut(&mut self) -> Option<&mut T> {
        self.kept.back_mut()
    }

    /// The number of items before the kept ones.
    pub(in crate::report) fn left_out(&self) -> usize {
        self.left_out
    }

    pub(in crate::report) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Tail<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fold(deserializer, Self::default(), Self::push)
    }
}

/// Folds a list into `start` item by item, without holding the whole list in memory.
pub(super) fn fold<'de, D, T, S>(deserializer: D, start: S, step: fn(&mut S, T)) -> Result<S, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_seq(Fold { state: start, step, item: PhantomData })
}

struct Fold<T, S> {
    state: S,
    step: fn(&mut S, T),
    item: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, S> Visitor<'de> for Fold<T, S> {
    type Value = S;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<S, A::Error> {
        while let Some(item) = list.next_element()? {
            (self.step)(&mut self.state, item);
        }
        Ok(self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::Tail;

    #[test]
    fn the_last_items_are_kept_and_the_others_counted() {
        let tail: Tail<u8, 2> = serde_json::from_str("[1, 2, 3, 4]").unwrap();
        assert_eq!((tail.iter().copied().collect::<Vec<_>>(), tail.left_out()), (vec![3, 4], 2));
    }
}
