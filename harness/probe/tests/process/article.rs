//! Behaviour of the article's program that the cases rely on.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::{OwnQueue, Running, lines, probe, report, run, until};

/// The messages in the log lines: each line without this prefix.
fn messages(lines: &[String], word: &str) -> Vec<String> {
    lines.iter().map(|line| line.strip_prefix(word).expect("the prefix").to_string()).collect()
}

/// A producer without a consumer, blocked at its eleventh message.
fn blocked_producer(queue: &OwnQueue, more: &str) -> (Running, Vec<String>) {
    let producer = Running::start(&format!("produce --queue {} {more}", queue.0));
    let lines = (0..11).map(|_| producer.line()).collect();
    until("asleep", || producer.is_asleep());
    (producer, lines)
}

#[test]
fn a_producer_alone_writes_eleven_lines_and_blocks() {
    let queue = OwnQueue::new();
    let (producer, first) = blocked_producer(&queue, "");
    thread::sleep(Duration::from_millis(300));
    assert!(producer.is_asleep());
    assert_eq!(queue.message_count(), Some(10));
    producer.signal("TERM");
    let (code, rest) = producer.end();
    assert_eq!((code, rest.len()), (Some(143), 0));
    let hex = messages(&first, "Produced: ");
    assert!(
        hex.iter().all(|text| u8::from_str_radix(text, 16).is_ok_and(|n| *text == format!("{n:x}"))),
        "{hex:?}"
    );
}

#[test]
fn a_consumer_gets_everything_in_order_and_the_queue_is_gone() {
    let queue = OwnQueue::new();
    let (producer, mut log) = blocked_producer(&queue, "");
    let consumer = run(&format!("consume --queue {}", queue.0));
    let (code, rest) = producer.end();
    log.extend(rest);
    assert_eq!((code, consumer.status.code()), (Some(0), Some(0)));
    let mut expected = messages(&log, "Produced: ");
    assert_eq!(expected.len(), 500);
    expected.push("done".into());
    assert_eq!(messages(&lines(&consumer), "Consumed: "), expected);
    assert_eq!(queue.message_count(), None);
}

#[test]
fn a_consumer_without_a_queue_exits_with_one_line() {
    let queue = OwnQueue::new();
    let output = run(&format!("consume --queue {}", queue.0));
    assert_eq!(output.status.code(), Some(1));
    let lines = lines(&output);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("Either the producer has not been started") && lines[0].ends_with("ENOENT"));
    assert!(output.stderr.is_empty());
}

#[test]
fn a_retrying_consumer_may_start_before_the_producer() {
    let queue = OwnQueue::new();
    let consumer = Running::start(&format!("consume --queue {} --retry-for 10", queue.0));
    let producer = run(&format!("produce --queue {} --delay-open 200", queue.0));
    let (code, received) = consumer.end();
    assert_eq!((code, producer.status.code()), (Some(0), Some(0)));
    assert_eq!((received.len(), lines(&producer).len()), (501, 500));
}

#[test]
fn a_retrying_consumer_gives_up() {
    let queue = OwnQueue::new();
    let begin = Instant::now();
    let output = run(&format!("consume --queue {} --retry-for 1", queue.0));
    assert!((1.0..5.0).contains(&begin.elapsed().as_secs_f64()));
    assert_eq!((output.status.code(), lines(&output).len()), (Some(1), 1));
}

#[test]
fn a_stolen_message_does_not_reach_the_consumer() {
    let queue = OwnQueue::new();
    let (producer, log) = blocked_producer(&queue, "");
    let stolen = report(&run(&format!("steal --queue {}", queue.0)));
    let received = lines(&run(&format!("consume --queue {}", queue.0)));
    assert_eq!(producer.end().0, Some(0));
    let sent = messages(&log, "Produced: ");
    assert_eq!(stolen["text"], sent[0]);
    assert_eq!(received.len(), 500);
    assert_eq!(messages(&received, "Consumed: ")[..10], sent[1..]);
}

#[test]
fn a_restarted_producer_appends_to_the_messages_of_the_killed_one() {
    let queue = OwnQueue::new();
    let (first, _) = blocked_producer(&queue, "");
    first.signal("KILL");
    assert_eq!(first.end().0, None);
    assert_eq!(queue.message_count(), Some(10));
    let second = Running::start(&format!("produce --queue {}", queue.0));
    let received = lines(&run(&format!("consume --queue {}", queue.0)));
    assert_eq!(second.end().0, Some(0));
    // The eleventh message of the first producer was never sent.
    assert_eq!(received.len(), 10 + 501);
}

#[test]
fn checked_messages_show_a_duplicate_and_a_loss() {
    let queue = OwnQueue::new();
    let (producer, mut log) = blocked_producer(&queue, "--checked --duplicate 200 --drop 300");
    let received = lines(&run(&format!("consume --queue {} --checked", queue.0)));
    log.extend(producer.end().1);
    let mut seqs = Vec::new();
    for line in &received[..received.len() - 1] {
        let words: Vec<_> = line.split(' ').collect();
        assert_eq!((words.len(), words[0], words[4]), (6, "Consumed:", "at"), "{line}");
        assert_eq!(words[2], format!("{:016x}", fnv1a(&format!("{} {}", words[1], words[3]))), "{line}");
        assert!(words[5].parse::<u64>().is_ok(), "{line}");
        seqs.push(words[1].parse::<u64>().expect("a number"));
    }
    let mut expected: Vec<u64> = (1..=500).filter(|seq| *seq != 300).collect();
    expected.insert(200, 200);
    assert_eq!(seqs, expected);
    assert!(received[500].starts_with("Consumed: done at "));
    let logged: Vec<u64> = log.iter().filter_map(|line| line.split(' ').nth(1)?.parse().ok()).collect();
    assert_eq!(logged, (1..=500).collect::<Vec<_>>());
}

/// 64-bit FNV-1a. A second implementation, so that a bug in the probe's own is detected.
fn fnv1a(text: &str) -> u64 {
    let mut sum = 14_695_981_039_346_656_037_u64;
    for byte in text.bytes() {
        sum ^= u64::from(byte);
        sum = sum.wrapping_mul(1_099_511_628_211);
    }
    sum
}

#[test]
fn a_producer_that_cannot_open_the_queue_fails_unless_unchecked() {
    // Too long a name for any queue.
    let queue = format!("/{}", "x".repeat(300));
    let checked = probe(["produce", "--queue", &queue]);
    assert_eq!((checked.status.code(), lines(&checked).len()), (Some(1), 0));
    assert!(String::from_utf8_lossy(&checked.stderr).contains("ENAMETOOLONG"));
    let unchecked = probe(["produce", "--queue", &queue, "--unchecked"]);
    assert_eq!((unchecked.status.code(), lines(&unchecked).len()), (Some(0), 500));
    assert!(unchecked.stderr.is_empty());
}

#[test]
fn a_consumer_fails_on_a_queue_with_larger_messages_than_the_originals() {
    let queue = OwnQueue::new();
    run(&format!("mq-send --queue {} --text x --msgsize 8192", queue.0));
    let output = run(&format!("consume --queue {}", queue.0));
    assert_eq!((output.status.code(), lines(&output).len()), (Some(1), 0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("EMSGSIZE"));
}
