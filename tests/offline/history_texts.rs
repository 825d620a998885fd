//! The texts that show changes between runs: each kind of change on the terminal, on the page and in the summary.

use crate::history_world::World;

/// `text` with a line break before each `mark`.
fn in_lines(text: &str, mark: &str) -> String {
    text.replace(mark, &format!("\n{mark}"))
}

#[test]
fn the_terminal_shows_each_kind_of_change() {
    let world = World::new();
    insta::assert_snapshot!(world.history(&["check", "--waivers", "waivers.yaml"], 102), @r##"
    20260209-020000-3fa9c1d2 of 2026-02-09, compared with 39 runs of the series nightly

    NEWS               CASE                 SINCE                     WHAT
    new failure        ipc/broken           20260209-020000-3fa9c1d2  holds-broken: expected the token abc, seen nothing (logs[0].lines[3])
    new failure        ipc/waived           20260209-020000-3fa9c1d2  holds-waived: expected the token abc, seen nothing (logs[0].lines[3]); waived until 2026-12-31 by the node team: a known bug
    reopened           ipc/reopened         20260209-020000-3fa9c1d2  was fixed in run-037; holds-reopened: expected the token abc, seen nothing (logs[0].lines[3])
    still failing      ipc/failing          run-038                   for 2 runs; holds-failing: expected the token abc, seen nothing (logs[0].lines[3])
    still failing      ipc/never-passed     run-000                   for 40 runs, and was never seen to pass; holds-never-passed: expected the token abc, seen nothing (logs[0].lines[3])
    missing            ipc/gone             -                         from 2 runs, last seen in run-037
    flaky              ipc/flaky            -                         failed in 2 of 20 runs (3 to 30 %), 4 changes
    newly flaky        ipc/newly-flaky      -                         failed in 1 of 20 runs (1 to 24 %), 1 change, and in this run; holds-newly-flaky: expected the token abc, seen nothing (logs[0].lines[3])
    slower             ipc/slower           run-033                   10.30 s before, 14.35 s now (+39 %, p 1.4e-3)
    slower?            ipc/slower-lately    run-037                   10.25 s before, 15.38 s now (+50 %, p 3.7e-4, not sure yet)
    newly skipped      ipc/skipped          -                         last run in run-038; needs v1.29 or newer
    inconclusive       ipc/unclear          -                         ipc/unclear: \u{1b}[31mno image\u{1b}[0m\nat all
    inconclusive       ipc/unclear-failing  run-036                   has failed before; ipc/unclear-failing: \u{1b}[31mno image\u{1b}[0m\nat all
    fixed              ipc/fixed            -                         had failed for 3 runs since run-036
    faster             ipc/faster           run-033                   10.25 s before, 6.15 s now (-40 %, p 6.3e-3)
    new                ipc/new              -
    revised            ipc/revised          -
    no longer skipped  ipc/back             -
    after run-037, with run-038 (1 of these cases): cluster-dns unknown -> no, kernel 6.1.0 -> 6.12.0 \u{1b}[31mred\u{1b}[0m
    the waiver of the node team for ipc/broken expired on 2026-02-01: another bug

    regressed (2 new failure, 1 reopened, 2 still failing, 1 missing, 1 flaky, 1 newly flaky, 1 slower, 1 slower?, 1 newly skipped, 2 inconclusive, 1 fixed, 1 faster, 1 new, 1 revised, 1 no longer skipped)
    "##);
    insta::assert_snapshot!(world.history(&["flaky"], 0), @r##"
    NEWS         CASE             SINCE  WHAT
    flaky        ipc/flaky        -      failed in 2 of 20 runs (3 to 30 %), 4 changes
    newly flaky  ipc/newly-flaky  -      failed in 1 of 20 runs (1 to 24 %), 1 change, and in this run; holds-newly-flaky: expected the token abc, seen nothing (logs[0].lines[3])
    "##);
}

#[test]
fn the_terminal_shows_stored_runs() {
    let world = World::new();
    insta::assert_snapshot!(world.history(&["list", "--most", "3"], 0), @r##"
    RUN                       SERIES   BEGUN             PASS  FAIL  INCONCLUSIVE  SKIP  MADE BY
    20260209-020000-3fa9c1d2  nightly  2026-02-09 02:00    21     6             2     1  podproof 0.1.0
    run-038                   nightly  2026-02-08 02:00    23     4             0     1  podproof 0.1.0
    run-037                   nightly  2026-02-07 02:00    25     3             0     1  podproof 0.1.0
    "##);
    insta::assert_snapshot!(world.history(&["show", "20260209"], 0), @r##"
    20260209-020000-3fa9c1d2 begun 2026-02-09 02:00 UTC, made by podproof 0.1.0
      architecture  amd64
      cluster-dns  no
      kernel  6.12.0 \u{1b}[31mred\u{1b}[0m
      kubelet  v1.20.5
      millicores  0
      node-containers  no
      nodes  1
      os  Debian GNU/Linux 12
      parallel  4
      podproof  0.1.0
      runtime  containerd://1.6.20
      version  v1.20.2

    OUTCOME       CASE                 SECONDS  WHAT
    pass          ipc/back                10.1
    fail          ipc/broken              10.1  holds-broken: expected the token abc, seen nothing (logs[0].lines[3])
    fail          ipc/failing             10.1  holds-failing: expected the token abc, seen nothing (logs[0].lines[3])
    pass          ipc/faster               6.1
    pass          ipc/fixed               10.1
    pass          ipc/flaky               10.1
    fail          ipc/never-passed        10.1  holds-never-passed: expected the token abc, seen nothing (logs[0].lines[3])
    fail          ipc/newly-flaky          3.2  holds-newly-flaky: expected the token abc, seen nothing (logs[0].lines[3])
    pass          ipc/newly-flaky          3.2
    fail          ipc/reopened            10.1  holds-reopened: expected the token abc, seen nothing (logs[0].lines[3])
    skip          ipc/skipped             10.1  needs v1.29 or newer
    pass          ipc/slower              14.1
    pass          ipc/slower-lately       15.2
    inconclusive  ipc/unclear             10.1  ipc/unclear: \u{1b}[31mno image\u{1b}[0m\nat all
    inconclusive  ipc/unclear-failing     10.1  ipc/unclear-failing: \u{1b}[31mno image\u{1b}[0m\nat all
    fail          ipc/waived              10.1  holds-waived: expected the token abc, seen nothing (logs[0].lines[3])
    pass          volume/steady-0         10.1
    pass          volume/steady-1         10.1
    pass          volume/steady-2         10.1
    pass          volume/steady-3         10.1
    pass          volume/steady-4         10.1
    pass          volume/steady-5         10.1
    pass          volume/steady-6         10.1
    pass          volume/steady-7         10.1
    pass          volume/steady-8         10.1
    pass          volume/steady-9         10.1
    pass          volume/steady-10        10.1
    pass          volume/steady-11        10.1
    pass          ipc/new                 10.1
    pass          ipc/revised             10.1
    "##);
    insta::assert_snapshot!(world.history(&["compare", "run-038", "20260209", "--runs", "3"], 0), @r##"
    CASE                 BEFORE                 AFTER                              P
    ipc/back             3 skip                 1 pass, 2 skip 10.1 s              -
    ipc/broken           3 pass 10.2 s          2 pass, 1 fail 10.3 s              -
    ipc/fixed            3 fail                 1 pass, 2 fail 10.1 s              -
    ipc/flaky            2 pass, 1 fail 10.3 s  3 pass 10.2 s                      -
    ipc/new              not there              pass 10.1 s                        -
    ipc/newly-flaky      3 pass 10.2 s          3 pass, 1 fail in 3 trials 10.2 s  -
    ipc/skipped          3 pass 10.2 s          2 pass, 1 skip 10.3 s              -
    ipc/unclear          3 pass 10.2 s          2 pass, 1 inconclusive 10.3 s      -
    ipc/unclear-failing  3 fail                 2 fail, 1 inconclusive             -
    ipc/waived           3 pass 10.2 s          2 pass, 1 fail 10.3 s              -

    cases that differ: 10; cases on both sides: 29
    "##);
    insta::assert_snapshot!(world.history(&["trend", "ipc/failing", "--window", "5"], 0), @r##"
    BEGUN             RUN                       OUTCOME  SECONDS  WHAT CHANGED
    2026-02-05 02:00  run-035                   pass        10.4
    2026-02-06 02:00  run-036                   pass        10.1
    2026-02-07 02:00  run-037                   pass        10.2
    2026-02-08 02:00  run-038                   fail        10.4  cluster-dns unknown -> no, kernel 6.1.0 -> 6.12.0 \u{1b}[31mred\u{1b}[0m
    2026-02-09 02:00  20260209-020000-3fa9c1d2  fail        10.1

    ...FF
    "##);
}

#[test]
fn the_names_in_json_are_those_of_earlier_versions() {
    let world = World::new();
    let json = |args: &[&str], code| world.history(&[args, &["--message-format", "json"]].concat(), code);
    let check = json(&["check", "--waivers", "waivers.yaml"], 102);
    insta::assert_snapshot!(in_lines(&check, "{\"key\""), @r##"
    {"series":"nightly","judgement":"regressed","report":{"run":{"id":"20260209-020000-3fa9c1d2","started":"2026-02-09T02:00:00Z"},"against":39,"health":{"health":"sound"},"changed":[],"changes":[
    {"key":{"case":"ipc/broken","variant":""},"news":{"news":"new-failure","window":{"last_good":{"id":"run-038","started":"2026-02-08T02:00:00Z"},"first_bad":{"id":"20260209-020000-3fa9c1d2","started":"2026-02-09T02:00:00Z"},"changed":[]}},"reason":"holds-broken: expected the token abc, seen nothing (logs[0].lines[3])","waived":null},
    {"key":{"case":"ipc/waived","variant":""},"news":{"news":"new-failure","window":{"last_good":{"id":"run-038","started":"2026-02-08T02:00:00Z"},"first_bad":{"id":"20260209-020000-3fa9c1d2","started":"2026-02-09T02:00:00Z"},"changed":[]}},"reason":"holds-waived: expected the token abc, seen nothing (logs[0].lines[3])","waived":{"case":"ipc/waived","reason":"a known bug","owner":"the node team","expires":"2026-12-31"}},
    {"key":{"case":"ipc/reopened","variant":""},"news":{"news":"reopened","window":{"last_good":{"id":"run-038","started":"2026-02-08T02:00:00Z"},"first_bad":{"id":"20260209-020000-3fa9c1d2","started":"2026-02-09T02:00:00Z"},"changed":[]},"fixed":{"id":"run-037","started":"2026-02-07T02:00:00Z"}},"reason":"holds-reopened: expected the token abc, seen nothing (logs[0].lines[3])","waived":null},
    {"key":{"case":"ipc/failing","variant":""},"news":{"news":"still-failing","window":{"last_good":{"id":"run-037","started":"2026-02-07T02:00:00Z"},"first_bad":{"id":"run-038","started":"2026-02-08T02:00:00Z"},"changed":[{"fact":"cluster-dns","before":null,"after":"no"},{"fact":"kernel","before":"6.1.0","after":"6.12.0 \u001b[31mred\u001b[0m"}]},"nights":2},"reason":"holds-failing: expected the token abc, seen nothing (logs[0].lines[3])","waived":null},
    {"key":{"case":"ipc/never-passed","variant":""},"news":{"news":"still-failing","window":{"last_good":null,"first_bad":{"id":"run-000","started":"2026-01-01T02:00:00Z"},"changed":[]},"nights":40},"reason":"holds-never-passed: expected the token abc, seen nothing (logs[0].lines[3])","waived":null},
    {"key":{"case":"ipc/gone","variant":""},"news":{"news":"missing","last":{"id":"run-037","started":"2026-02-07T02:00:00Z"},"runs":2},"reason":null,"waived":null},
    {"key":{"case":"ipc/flaky","variant":""},"news":{"news":"flaky","rate":{"count":2,"of":20,"share":0.1,"low":0.027866481213768224,"high":0.3010336452284873},"flips":4,"tonight":false,"newly":false},"reason":null,"waived":null},
    {"key":{"case":"ipc/newly-flaky","variant":""},"news":{"news":"flaky","rate":{"count":1,"of":20,"share":0.05,"low":0.008881448800795402,"high":0.23613119344674205},"flips":1,"tonight":true,"newly":true},"reason":"holds-newly-flaky: expected the token abc, seen nothing (logs[0].lines[3])","waived":null},
    {"key":{"case":"ipc/slower","variant":""},"news":{"news":"slower","confirmed":true,"before":10.299999999999999,"now":14.35,"p":0.0013632721612348098,"window":{"last_good":{"id":"run-032","started":"2026-02-02T02:00:00Z"},"first_bad":{"id":"run-033","started":"2026-02-03T02:00:00Z"},"changed":[]}},"reason":null,"waived":null},
    {"key":{"case":"ipc/slower-lately","variant":""},"news":{"news":"slower","confirmed":false,"before":10.25,"now":15.375000000000004,"p":0.00036656891495601173,"window":{"last_good":{"id":"run-036","started":"2026-02-06T02:00:00Z"},"first_bad":{"id":"run-037","started":"2026-02-07T02:00:00Z"},"changed":[]}},"reason":null,"waived":null},
    {"key":{"case":"ipc/skipped","variant":""},"news":{"news":"newly-skipped","last":{"id":"run-038","started":"2026-02-08T02:00:00Z"}},"reason":"needs v1.29 or newer","waived":null},
    {"key":{"case":"ipc/unclear","variant":""},"news":{"news":"inconclusive","failing":null},"reason":"ipc/unclear: \u001b[31mno image\u001b[0m\nat all","waived":null},
    {"key":{"case":"ipc/unclear-failing","variant":""},"news":{"news":"inconclusive","failing":{"last_good":{"id":"run-035","started":"2026-02-05T02:00:00Z"},"first_bad":{"id":"run-036","started":"2026-02-06T02:00:00Z"},"changed":[]}},"reason":"ipc/unclear-failing: \u001b[31mno image\u001b[0m\nat all","waived":null},
    {"key":{"case":"ipc/fixed","variant":""},"news":{"news":"fixed","since":{"id":"run-036","started":"2026-02-06T02:00:00Z"},"nights":3},"reason":null,"waived":null},
    {"key":{"case":"ipc/faster","variant":""},"news":{"news":"faster","confirmed":true,"before":10.25,"now":6.150000000000001,"p":0.006312789045236862,"window":{"last_good":{"id":"run-032","started":"2026-02-02T02:00:00Z"},"first_bad":{"id":"run-033","started":"2026-02-03T02:00:00Z"},"changed":[]}},"reason":null,"waived":null},
    {"key":{"case":"ipc/new","variant":""},"news":{"news":"new","revised":false},"reason":null,"waived":null},
    {"key":{"case":"ipc/revised","variant":""},"news":{"news":"new","revised":true},"reason":null,"waived":null},
    {"key":{"case":"ipc/back","variant":""},"news":{"news":"no-more-skipped"},"reason":null,"waived":null}],"expired":[{"case":"ipc/broken","reason":"another bug","owner":"the node team","expires":"2026-02-01"}]}}
    "##);
    insta::assert_snapshot!(in_lines(&json(&["list", "--most", "1"], 0), "{\"series\""), @r##"
    {"runs":[
    {"series":"nightly","run":"20260209-020000-3fa9c1d2","tool":"podproof 0.1.0","started":"2026-02-09T02:00:00Z","pass":21,"fail":6,"inconclusive":2,"skip":1}]}
    "##);
    insta::assert_snapshot!(in_lines(&json(&["show", "20260209"], 0), "{\"case\""), @r##"
    {"run":"20260209-020000-3fa9c1d2","tool":"podproof 0.1.0","started":"2026-02-09T02:00:00Z","ended":"2026-02-09T02:10:00Z","interrupted":null,"facts":{"architecture":"amd64","cluster-dns":"no","kernel":"6.12.0 \u001b[31mred\u001b[0m","kubelet":"v1.20.5","millicores":"0","node-containers":"no","nodes":"1","os":"Debian GNU/Linux 12","parallel":"4","podproof":"0.1.0","runtime":"containerd://1.6.20","version":"v1.20.2"},"executions":[
    {"case":"ipc/back","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"ipc/broken","variant":"","revision":1,"round":1,"attempt":1,"outcome":"fail","seconds":10.1,"reason":"holds-broken: expected the token abc, seen nothing (logs[0].lines[3])","signature":"holds-broken: expected the token abc, seen nothing (logs[#].lines[#])"},
    {"case":"ipc/failing","variant":"","revision":1,"round":1,"attempt":1,"outcome":"fail","seconds":10.1,"reason":"holds-failing: expected the token abc, seen nothing (logs[0].lines[3])","signature":"holds-failing: expected the token abc, seen nothing (logs[#].lines[#])"},
    {"case":"ipc/faster","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":6.06,"reason":null,"signature":null},
    {"case":"ipc/fixed","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"ipc/flaky","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"ipc/never-passed","variant":"","revision":1,"round":1,"attempt":1,"outcome":"fail","seconds":10.1,"reason":"holds-never-passed: expected the token abc, seen nothing (logs[0].lines[3])","signature":"holds-never-passed: expected the token abc, seen nothing (logs[#].lines[#])"},
    {"case":"ipc/newly-flaky","variant":"","revision":1,"round":1,"attempt":1,"outcome":"fail","seconds":3.2,"reason":"holds-newly-flaky: expected the token abc, seen nothing (logs[0].lines[3])","signature":"holds-newly-flaky: expected the token abc, seen nothing (logs[#].lines[#])"},
    {"case":"ipc/newly-flaky","variant":"","revision":1,"round":1,"attempt":2,"outcome":"pass","seconds":3.2,"reason":null,"signature":null},
    {"case":"ipc/reopened","variant":"","revision":1,"round":1,"attempt":1,"outcome":"fail","seconds":10.1,"reason":"holds-reopened: expected the token abc, seen nothing (logs[0].lines[3])","signature":"holds-reopened: expected the token abc, seen nothing (logs[#].lines[#])"},
    {"case":"ipc/skipped","variant":"","revision":1,"round":1,"attempt":1,"outcome":"skip","seconds":10.1,"reason":"needs v1.29 or newer","signature":null},
    {"case":"ipc/slower","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":14.14,"reason":null,"signature":null},
    {"case":"ipc/slower-lately","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":15.15,"reason":null,"signature":null},
    {"case":"ipc/unclear","variant":"","revision":1,"round":1,"attempt":1,"outcome":"inconclusive","seconds":10.1,"reason":"ipc/unclear: \u001b[31mno image\u001b[0m\nat all","signature":"ipc/unclear: \u001b[# image\u001b[# at all"},
    {"case":"ipc/unclear-failing","variant":"","revision":1,"round":1,"attempt":1,"outcome":"inconclusive","seconds":10.1,"reason":"ipc/unclear-failing: \u001b[31mno image\u001b[0m\nat all","signature":"ipc/unclear-failing: \u001b[# image\u001b[# at all"},
    {"case":"ipc/waived","variant":"","revision":1,"round":1,"attempt":1,"outcome":"fail","seconds":10.1,"reason":"holds-waived: expected the token abc, seen nothing (logs[0].lines[3])","signature":"holds-waived: expected the token abc, seen nothing (logs[#].lines[#])"},
    {"case":"volume/steady-0","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"volume/steady-1","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"volume/steady-2","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"volume/steady-3","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"volume/steady-4","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"volume/steady-5","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"volume/steady-6","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"volume/steady-7","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"volume/steady-8","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"volume/steady-9","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"volume/steady-10","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"volume/steady-11","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"ipc/new","variant":"","revision":1,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null},
    {"case":"ipc/revised","variant":"","revision":2,"round":1,"attempt":1,"outcome":"pass","seconds":10.1,"reason":null,"signature":null}]}
    "##);
}

#[test]
fn the_page_and_the_summary_show_each_kind_of_change() {
    let (page, summary) = World::new().report();
    let (_, summary) = summary.split_once("#### What changed").unwrap();
    let (summary, _) = summary.split_once("\n#### ").unwrap();
    insta::assert_snapshot!(summary, @r##"
    : regressed

    Compared with 39 runs of the series nightly.
    - Compared with the last run run-038: 6 cases have a worse verdict; 3 cases have a better verdict; failed\: 4 then, 6 now; inconclusive\: 0 then, 2 now; passed\: 23 then, 21 now
    - No last good run is known.

    **New failures** (3)

    - new failure ipc/broken, since 20260209-020000-3fa9c1d2: holds-broken\: expected the token abc, seen nothing \(logs\[0\].lines\[3\]\)
    - new failure ipc/waived, since 20260209-020000-3fa9c1d2: holds-waived\: expected the token abc, seen nothing \(logs\[0\].lines\[3\]\)
    - reopened ipc/reopened, since 20260209-020000-3fa9c1d2: was fixed in run-037; holds-reopened\: expected the token abc, seen nothing \(logs\[0\].lines\[3\]\)

    **Still failing** (2)

    - still failing ipc/failing, since run-038: for 2 runs; holds-failing\: expected the token abc, seen nothing \(logs\[0\].lines\[3\]\)
    - still failing ipc/never-passed, since run-000: for 40 runs, and was never seen to pass; holds-never-passed\: expected the token abc, seen nothing \(logs\[0\].lines\[3\]\)

    **Missing** (1)

    - missing ipc/gone: from 2 runs, last seen in run-037

    **Flaky** (2)

    - flaky ipc/flaky: failed in 2 of 20 runs \(3 to 30 %\), 4 changes
    - newly flaky ipc/newly-flaky: failed in 1 of 20 runs \(1 to 24 %\), 1 change, and in this run; holds-newly-flaky\: expected the token abc, seen nothing \(logs\[0\].lines\[3\]\)

    **Slower** (2)

    - slower ipc/slower, since run-033: 10.30 s before, 14.35 s now \(+39 %, p 1.4e-3\)
    - slower? ipc/slower-lately, since run-037: 10.25 s before, 15.38 s now \(+50 %, p 3.7e-4, not sure yet\)

    **Newly skipped** (1)

    - newly skipped ipc/skipped: last run in run-038; needs v1.29 or newer

    **Inconclusive** (2)

    - inconclusive ipc/unclear: ipc/unclear\: no image\\nat all
    - inconclusive ipc/unclear-failing, since run-036: has failed before; ipc/unclear-failing\: no image\\nat all

    **Fixed** (1)

    - fixed ipc/fixed: had failed for 3 runs since run-036

    **Faster** (1)

    - faster ipc/faster, since run-033: 10.25 s before, 6.15 s now \(-40 %, p 6.3e-3\)

    **New, or no longer skipped** (3)

    - new ipc/new
    - revised ipc/revised
    - no longer skipped ipc/back
    "##);
    let (_, head) = page.split_once("<span class=\"tag bad\">").unwrap();
    let (head, _) = head.split_once("</dl>").unwrap();
    insta::assert_snapshot!(in_lines(head, "<d"), @r##"
    regressed</span> compared with 39 runs of the series nightly: <a href="#news">2 new failure</a>, <a href="#news">1 reopened</a>, <a href="#news">2 still failing</a>, <a href="#news">1 missing</a>, <a href="#news">1 flaky</a>, <a href="#news">1 newly flaky</a>, <a href="#news">1 slower</a>, <a href="#news">1 slower?</a>, <a href="#news">1 newly skipped</a>, <a href="#news">2 inconclusive</a>, <a href="#news">1 fixed</a>, <a href="#news">1 faster</a>, <a href="#news">1 new</a>, <a href="#news">1 revised</a>, <a href="#news">1 no longer skipped</a></p>
    <dl class="facts">
    <dt>last run</dt>
    <dd><code>run-038</code> of 2026-02-08: 6 cases have a worse verdict; 3 cases have a better verdict; failed: 4 then, 6 now; inconclusive: 0 then, 2 now; passed: 23 then, 21 now</dd>
    <dt>last good run</dt>
    <dd>none is known</dd>
    "##);
    let (_, changes) = page.split_once("<section id=\"news\">").unwrap();
    let (changes, _) = changes.split_once("<section id=\"bad\"").unwrap();
    insta::assert_snapshot!(in_lines(changes, "<tr>"), @r##"
    <h2>What changed</h2><div class="scroll"><table class="news"><thead>
    <tr><th scope="col">Case</th><th scope="col">Change</th><th scope="col">Since</th><th scope="col">Details</th></tr></thead><tbody>
    <tr><th class="kind" scope="rowgroup" colspan="4"><span class="dot bad"></span>New failures (3)</th></tr>
    <tr><td class="name"><a href="#case-1">ipc/broken</a></td><td>new failure</td><td>since <code>20260209-020000-3fa9c1d2</code> of 2026-02-09</td><td>holds-broken: expected the token abc, seen nothing (logs[0].lines[3])</td></tr>
    <tr><td class="name"><a href="#case-16">ipc/waived</a></td><td>new failure</td><td>since <code>20260209-020000-3fa9c1d2</code> of 2026-02-09</td><td>holds-waived: expected the token abc, seen nothing (logs[0].lines[3])</td></tr>
    <tr><td class="name"><a href="#case-9">ipc/reopened</a></td><td>reopened</td><td>since <code>20260209-020000-3fa9c1d2</code> of 2026-02-09</td><td>was fixed in run-037; holds-reopened: expected the token abc, seen nothing (logs[0].lines[3])</td></tr></tbody><tbody>
    <tr><th class="kind" scope="rowgroup" colspan="4"><span class="dot bad"></span>Still failing (2)</th></tr>
    <tr><td class="name"><a href="#case-2">ipc/failing</a></td><td>still failing</td><td>since <code>run-038</code> of 2026-02-08</td><td>for 2 runs; holds-failing: expected the token abc, seen nothing (logs[0].lines[3])</td></tr>
    <tr><td class="name"><a href="#case-6">ipc/never-passed</a></td><td>still failing</td><td>since <code>run-000</code> of 2026-01-01</td><td>for 40 runs, and was never seen to pass; holds-never-passed: expected the token abc, seen nothing (logs[0].lines[3])</td></tr></tbody><tbody>
    <tr><th class="kind" scope="rowgroup" colspan="4"><span class="dot bad"></span>Missing (1)</th></tr>
    <tr><td class="name">ipc/gone</td><td>missing</td><td class="none">-</td><td>from 2 runs, last seen in run-037</td></tr></tbody><tbody>
    <tr><th class="kind" scope="rowgroup" colspan="4"><span class="dot skipped"></span>Flaky (2)</th></tr>
    <tr><td class="name"><a href="#case-5">ipc/flaky</a></td><td>flaky</td><td class="none">-</td><td>failed in 2 of 20 runs (3 to 30 %), 4 changes</td></tr>
    <tr><td class="name"><a href="#case-8">ipc/newly-flaky</a></td><td>newly flaky</td><td class="none">-</td><td>failed in 1 of 20 runs (1 to 24 %), 1 change, and in this run; holds-newly-flaky: expected the token abc, seen nothing (logs[0].lines[3])</td></tr></tbody><tbody>
    <tr><th class="kind" scope="rowgroup" colspan="4"><span class="dot skipped"></span>Slower (2)</th></tr>
    <tr><td class="name"><a href="#case-12">ipc/slower</a></td><td>slower</td><td>since <code>run-033</code> of 2026-02-03</td><td>10.30 s before, 14.35 s now (+39 %, p 1.4e-3)</td></tr>
    <tr><td class="name"><a href="#case-13">ipc/slower-lately</a></td><td>slower?</td><td>since <code>run-037</code> of 2026-02-07</td><td>10.25 s before, 15.38 s now (+50 %, p 3.7e-4, not sure yet)</td></tr></tbody><tbody>
    <tr><th class="kind" scope="rowgroup" colspan="4"><span class="dot skipped"></span>Newly skipped (1)</th></tr>
    <tr><td class="name"><a href="#case-11">ipc/skipped</a></td><td>newly skipped</td><td class="none">-</td><td>last run in run-038; needs v1.29 or newer</td></tr></tbody><tbody>
    <tr><th class="kind" scope="rowgroup" colspan="4"><span class="dot inconclusive"></span>Inconclusive (2)</th></tr>
    <tr><td class="name"><a href="#case-14">ipc/unclear</a></td><td>inconclusive</td><td class="none">-</td><td>ipc/unclear: no image\nat all</td></tr>
    <tr><td class="name"><a href="#case-15">ipc/unclear-failing</a></td><td>inconclusive</td><td>since <code>run-036</code> of 2026-02-06</td><td>has failed before; ipc/unclear-failing: no image\nat all</td></tr></tbody><tbody>
    <tr><th class="kind" scope="rowgroup" colspan="4"><span class="dot good"></span>Fixed (1)</th></tr>
    <tr><td class="name"><a href="#case-4">ipc/fixed</a></td><td>fixed</td><td class="none">-</td><td>had failed for 3 runs since run-036</td></tr></tbody><tbody>
    <tr><th class="kind" scope="rowgroup" colspan="4"><span class="dot good"></span>Faster (1)</th></tr>
    <tr><td class="name"><a href="#case-3">ipc/faster</a></td><td>faster</td><td>since <code>run-033</code> of 2026-02-03</td><td>10.25 s before, 6.15 s now (-40 %, p 6.3e-3)</td></tr></tbody><tbody>
    <tr><th class="kind" scope="rowgroup" colspan="4"><span class="dot "></span>New, or no longer skipped (3)</th></tr>
    <tr><td class="name"><a href="#case-7">ipc/new</a></td><td>new</td><td class="none">-</td><td></td></tr>
    <tr><td class="name"><a href="#case-10">ipc/revised</a></td><td>revised</td><td class="none">-</td><td></td></tr>
    <tr><td class="name"><a href="#case-0">ipc/back</a></td><td>no longer skipped</td><td class="none">-</td><td></td></tr></tbody></table></div></section>
    "##);
}
