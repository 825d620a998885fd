//! Groups trials into batches that share a namespace, and orders the batches.

use super::strategy::Strategy;
use podproof_core::trials::ListOrder;

/// Trials of one strategy and list order that run concurrently in one namespace.
#[derive(Clone, Debug)]
pub struct Batch<'s> {
    /// The strategy.
    pub strategy: &'s Strategy,
    /// The order in which the manifest lists the containers.
    pub order: ListOrder,
    /// The number of the first trial, from 1.
    pub first: u32,
    /// The number of trials.
    pub count: u32,
}

impl Batch<'_> {
    /// The unique name of the batch: `retry-swapped.9`.
    #[must_use]
    pub fn slug(&self) -> String {
        format!("{}-{}.{}", self.strategy.name, self.order, self.first)
    }

    /// The numbers of the trials.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        self.first..self.first + self.count
    }

    /// The names of the trials' pods.
    #[must_use]
    pub fn pods(&self) -> Vec<String> {
        self.numbers().map(|number| format!("trial-{number}")).collect()
    }
}

/// Plans `trials` trials of each strategy in each list order, with at most `parallel` in a batch.
///
/// The strategies take turns, so that changes of the cluster over time affect all of them alike.
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
    use podproof_core::plan::Tree;

    #[test]
    fn every_trial_is_planned_once_and_the_strategies_take_turns() {
        let strategies =
            Strategy::select(&Tree::Embedded, &["none".to_owned(), "retry".to_owned()]).unwrap_or_default();
        let all = batches(&strategies, 5, 2);
        let slugs: Vec<_> = all.iter().map(super::Batch::slug).collect();
        assert_eq!(slugs[..4], ["none-original.1", "none-swapped.1", "retry-original.1", "retry-swapped.1"]);
        assert_eq!(slugs.len(), 12);
        let of_one = all.iter().filter(|batch| batch.slug().starts_with("retry-swapped"));
        assert_eq!(of_one.flat_map(super::Batch::numbers).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn without_trials_there_is_no_batch() {
        let strategies = Strategy::select(&Tree::Embedded, &[]).unwrap_or_default();
        assert!(batches(&strategies, 0, 4).is_empty());
        assert_eq!(batches(&strategies, 3, 0).len(), strategies.len() * 2 * 3);
    }
}
