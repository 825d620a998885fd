//! HTTP requests to a pod through port-forward.

use http::Request;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::context::Stage;
use super::error::StageError;
use super::exec::OPENING_FRACTION;
use super::refs::PodRef;
use super::request::retry;
use podproof_core::evidence::Fetch;

/// The longest body that is read, in bytes.
const BODY_LIMIT: usize = 1 << 20;

impl Stage {
    /// Sends `GET path` to `port` of `pod` and records request and answer as evidence under `label`.
    ///
    /// Any HTTP status is an answer. A missing answer is recorded too and is no error.
    pub async fn fetch(&self, label: &str, pod: &PodRef, port: u16, path: &str) -> Result<Fetch, StageError> {
        let started = podproof_core::evidence::now();
        let patience = self.budgets.exec();
        let answer = match timeout(patience, self.get(pod, port, path)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} s", patience.as_secs())),
        };
        let fetch = Fetch {
            label: label.to_owned(),
            pod: pod.name.clone(),
            port,
            path: path.to_owned(),
            started,
            ended: podproof_core::evidence::now(),
            answer,
        };
        self.recorder.fetch(fetch.clone());
        Ok(fetch)
    }

    async fn get(&self, pod: &PodRef, port: u16, path: &str) -> Result<(u16, String), String> {
        let (pods, patience, ports) = (self.pods(), self.budgets.exec() / OPENING_FRACTION, [port]);
        // Opening the port-forward sends nothing to the pod yet, so it may be retried.
        let forwarded = retry(patience, "port-forward", || pods.portforward(&pod.name, &ports)).await;
        let mut forwarded = forwarded.map_err(|error| format!("port-forward: {}", error.without_action()))?;
        let stream = forwarded.take_stream(port).ok_or("port-forward gave no stream")?;
        let complaint = forwarded.take_error(port);
        let answer = ask(stream, path).await;
        let Err(problem) = answer else { return answer };
        // The kubelet reports on a separate channel why it could not connect.
        let complaint = async { complaint?.await };
        match timeout(self.budgets.port_error(), complaint).await {
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
