//! HTTP requests into a pod, through port-forward.

use http::Request;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::asking::asked_again;
use super::blocked::Blocked;
use super::deeds::PodRef;
use super::exec::PART_FOR_OPENING;
use super::open::Stage;
use crate::evidence::Fetch;

/// How large a body is read.
const BODY_LIMIT: usize = 1 << 20;

impl Stage {
    /// Sends `GET path` to `port` of `pod` and keeps request and answer as evidence under `label`.
    ///
    /// Any HTTP status is an answer; that there was none is kept as well and does not block.
    pub async fn fetch(&self, label: &str, pod: &PodRef, port: u16, path: &str) -> Result<Fetch, Blocked> {
        let started = crate::evidence::now();
        let patience = self.budgets.exec();
        let answer = match timeout(patience, self.get(pod, port, path)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer in {} s", patience.as_secs())),
        };
        let fetch = Fetch {
            label: label.to_owned(),
            pod: pod.name.clone(),
            port,
            path: path.to_owned(),
            started,
            ended: crate::evidence::now(),
            answer,
        };
        self.recorder.fetch(fetch.clone());
        Ok(fetch)
    }

    async fn get(&self, pod: &PodRef, port: u16, path: &str) -> Result<(u16, String), String> {
        let (pods, patience, ports) = (self.pods(), self.budgets.exec() / PART_FOR_OPENING, [port]);
        // To open it asks nothing of the pod yet.
        let forwarded = asked_again(patience, "port-forward", || pods.portforward(&pod.name, &ports)).await;
        let mut forwarded = forwarded.map_err(|blocked| format!("port-forward: {}", blocked.of_request()))?;
        let stream = forwarded.take_stream(port).ok_or("port-forward gave no stream")?;
        let complaint = forwarded.take_error(port);
        let answer = ask(stream, path).await;
        let Err(problem) = answer else { return answer };
        // The kubelet tells on a channel of its own why it could not connect.
        let complaint = async { complaint?.await };
        match timeout(self.budgets.quiet_window(), complaint).await {
            Ok(Some(complaint)) => Err(format!("{problem}; the node says: {complaint}")),
            Ok(None) | Err(_) => Err(problem),
        }
    }
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    path: &str,
) -> Result<(u16, String), String> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| format!("connect: {error}"))?;
    let request = Request::get(path)
        .header(http::header::HOST, "pod")
        .header(http::header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| format!("request: {error}"))?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(|error| format!("send: {error}"))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), BODY_LIMIT).collect().await;
        let body = body.map_err(|error| format!("read the body: {error}"))?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    };
    tokio::select! {
        answer = exchange => answer,
        Err(error) = connection => Err(format!("connection: {error}")),
    }
}
