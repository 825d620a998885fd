//! Which trials share a namespace, and in which order they are made.

use super::strategy::{ListOrder, Strategy};

/// Trials of one strategy in one order that are made at once, in a namespace of their own.
#[derive(Clone, Debug)]
pub struct Batch<'s> {
    /// The strategy.
    pub strategy: &'s Strategy,
    /// The order of its containers.
    pub order: ListOrder,
    /// The number of its first trial, from 1.
    pub first: u32,
    /// How many trials.
    pub count: u32,
}

impl Batch<'_> {
    /// A name that no other batch has: `retry-swapped.9`.
    #[must_use]
    pub fn slug(&self) -> String {
        format!("{}-{}.{}", self.strategy.name, self.order, self.first)
    }

    /// The numbers of its trials.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        self.first..self.first + self.count
    }

    /// How the pods of its trials are called.
    #[must_use]
    pub fn pods(&self) -> Vec<String> {
        self.numbers().map(|number| format!("trial-{number}")).collect()
    }
}

/// `trials` of each strategy in each order, at most `parallel` at once.
///
/// One batch of each comes before the second of any: what changes on the cluster meanwhile changes for all of them.
#[must_use]
pub fn batches(strategies: &[Strategy], trials: u32, parallel: u32) -> Vec<Batch<'_>> {
    let size = parallel.max(1);
    let mut all = Vec::new();
    let mut done = 0;
    while done < trials {
        let count = size.min(trials - done);
        for strategy in strategies {
            for order in ListOrder::ALL {
                all.push(Batch { strategy, order, first: done + 1, count });
            }
        }
        done += count;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Strategy, batches};
    use crate::plan::Tree;

    #[test]
    fn every_trial_is_made_once_and_the_strategies_take_turns() {
        let strategies =
            Strategy::chosen(&Tree::Embedded, &["none".to_owned(), "retry".to_owned()]).unwrap_or_default();
        let all = batches(&strategies, 5, 2);
        let slugs: Vec<_> = all.iter().map(super::Batch::slug).collect();
        assert_eq!(slugs[..4], ["none-original.1", "none-swapped.1", "retry-original.1", "retry-swapped.1"]);
        assert_eq!(slugs.len(), 12);
        let of_one = all.iter().filter(|batch| batch.slug().starts_with("retry-swapped"));
        assert_eq!(of_one.flat_map(super::Batch::numbers).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn no_trials_make_no_batch() {
        let strategies = Strategy::chosen(&Tree::Embedded, &[]).unwrap_or_default();
        assert!(batches(&strategies, 0, 4).is_empty());
        assert_eq!(batches(&strategies, 3, 0).len(), strategies.len() * 2 * 3);
    }
}
