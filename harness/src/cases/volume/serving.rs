//! The article's first pod: nginx serves the file that the other container writes.

use crate::cases::case::Case;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, ExecEnd, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "mc1";
const NGINX: &str = "1st";
const WRITER: &str = "2nd";
const PORT: u16 = 80;

/// A text on the default page in the image.
const WELCOME: &str = "Welcome to nginx";

/// The footer of nginx's own error pages.
const NGINX_FOOTER: &str = "<hr><center>nginx";

/// Ends when a process listens on port 80 of the pod.
const LISTENS: &str = "until grep -qs ':0050 0*:0000 0A' /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done";

/// Ends when the file has a line and a process listens on port 80. Both containers share the pod's network.
const READY: &str = "until test -s /html/index.html && grep -qs ':0050 0*:0000 0A' /proc/net/tcp /proc/net/tcp6; \
                     do sleep 0.1; done";

/// Ends when a line has been added, and prints the file.
const GROWN: &str = "lines() { wc -l < /html/index.html; }; n=$(lines); \
                     until test $(lines) -gt $n; do sleep 0.1; done; cat /html/index.html";

pub(super) const HTTP_EQUALS_FILE: Case = Case {
    id: "volume/http-equals-file",
    pod_profile: PodProfile::AsTyped,
    allows: &[],
    drive: |stage| Box::pin(fetch_and_read(stage)),
    judge: judge_texts,
};

pub(super) const HIDES_IMAGE_CONTENT: Case = Case {
    id: "volume/hides-image-content",
    pod_profile: PodProfile::AsTyped,
    allows: &[],
    drive: |stage| Box::pin(fetch_both_pages(stage)),
    judge: judge_hidden,
};

async fn fetch_and_read(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_running(&pod).await?;
    stage.exec("ready", &pod, WRITER, &["/bin/sh", "-c", READY]).await?;
    stage.fetch("first-page", &pod, PORT, "/").await?;
    stage.exec("grown-file", &pod, WRITER, &["/bin/sh", "-c", GROWN]).await?;
    stage.fetch("later-page", &pod, PORT, "/").await?;
    // The article's own two commands.
    stage.exec("file-in-1st", &pod, NGINX, &["/bin/cat", "/usr/share/nginx/html/index.html"]).await?;
    stage.exec("file-in-2nd", &pod, WRITER, &["/bin/cat", "/html/index.html"]).await?;
    Ok(())
}

/// The file only grows, so each text must start with every text that was read before it.
fn judge_texts(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let grown = file(seen, "grown-file")?;
    Inquiry::premise("a file of two lines or more", grown.lines().count() >= 2)?;
    let first = page(seen, "first-page")?;
    let later = page(seen, "later-page")?;
    let in_first = file(seen, "file-in-1st")?;
    let in_second = file(seen, "file-in-2nd")?;

    let served = later.body.starts_with(grown) && in_second.starts_with(later.body);
    let expected = format!("status 200 and all of {}", brief(grown));
    inquiry.assert("serves-the-file", later.is_ok() && served, expected, later.brief(), "fetches/later-page");

    let follows = first.is_ok() && later.body.starts_with(first.body) && later.body.len() > first.body.len();
    let expected = format!("more than {}", brief(first.body));
    inquiry.assert("page-grows", follows, expected, later.brief(), "fetches/later-page");

    let same = in_first.starts_with(grown) && in_second.starts_with(in_first);
    let expected = format!("all of {}", brief(grown));
    inquiry.assert("same-in-both", same, expected, brief(in_first), "execs/file-in-1st");
    Ok(())
}

async fn fetch_both_pages(stage: &Stage) -> Result<(), StageError> {
    for (name, ready, label) in
        [("bare", "ready-bare", "bare-page"), ("covered", "ready-covered", "covered-page")]
    {
        let pod = stage.create(name).await?;
        stage.until_running(&pod).await?;
        stage.exec(ready, &pod, NGINX, &["/bin/sh", "-c", LISTENS]).await?;
        stage.fetch(label, &pod, PORT, "/").await?;
    }
    Ok(())
}

fn judge_hidden(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let bare = page(seen, "bare-page")?;
    Inquiry::premise("a page in the image", bare.is_ok() && bare.body.contains(WELCOME))?;
    let covered = page(seen, "covered-page")?;
    let hidden = matches!(covered.status, 403 | 404);
    Inquiry::premise("a response about the page", hidden || covered.is_ok())?;
    inquiry.assert(
        "page-is-hidden",
        hidden && !covered.body.contains(WELCOME),
        "status 403 or 404 and no welcome",
        covered.brief(),
        "fetches/covered-page",
    );
    Ok(())
}

struct Page<'a> {
    status: u16,
    body: &'a str,
}

impl Page<'_> {
    fn is_ok(&self) -> bool {
        self.status == 200
    }

    fn brief(&self) -> String {
        format!("status {} and {}", self.status, brief(self.body))
    }
}

fn page<'a>(seen: &'a Evidence, label: &str) -> Result<Page<'a>, Missing> {
    match &seen.fetch(label)?.answer {
        Ok((status, body)) => {
            // A proxy in between may respond with its own error, which says nothing about nginx.
            let by_nginx = *status == 200 || body.contains(NGINX_FOOTER);
            Inquiry::premise(
                &format!("a response from nginx to the request {label} (status {status})"),
                by_nginx,
            )?;
            Ok(Page { status: *status, body })
        }
        Err(why) => Err(Missing::new(format!("the response to the request {label} ({why})"))),
    }
}

/// Returns the file as a command printed it. A file that does not exist counts as empty.
fn file<'a>(seen: &'a Evidence, label: &str) -> Result<&'a str, Missing> {
    let exec = seen.exec(label)?;
    match exec.end {
        ExecEnd::Exited(0) => Ok(&exec.stdout),
        ExecEnd::Exited(1) if exec.stderr.contains("No such file or directory") => Ok(""),
        _ => Err(Missing::new(format!("the file in the output of the command {label}"))),
    }
}

fn brief(text: &str) -> String {
    match text.lines().next_back() {
        Some(last) => format!("{} lines up to `{last}`", text.lines().count()),
        None => "nothing".to_owned(),
    }
}
