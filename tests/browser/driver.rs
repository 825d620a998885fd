//! The `chromedriver` process that all tests share, and an HTTP client for it.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};
use std::thread;

use async_trait::async_trait;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use thirtyfour::error::{WebDriverError, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient};
use tokio::net::TcpStream;

/// The URL of the driver. The first call starts it.
pub fn address() -> String {
    static PORT: OnceLock<u16> = OnceLock::new();
    format!("http://127.0.0.1:{}", PORT.get_or_init(start))
}

/// Starts the driver on a free port and returns the port. The kernel kills the driver when the thread that started it
/// ends, so also after a panic or a signal. Its browsers end when their pipe to the driver closes.
fn start() -> u16 {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut driver = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "chromedriver", "--port=0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`setpriv` is part of every Debian");
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            // "ChromeDriver was started successfully on port 39371."
            let port = line.strip_suffix('.').and_then(|line| line.rsplit_once(" on port "));
            if let Some(port) = port.and_then(|(_, port)| port.parse().ok()) {
                let _ = sender.send(port);
            }
        }
        driver.wait()
    });
    receiver
        .recv()
        .expect("`ci/setup.sh --tests` installs chromium and chromium-driver, which these tests need")
}

/// Plain HTTP to the driver, one connection per request.
pub struct DirectClient;

#[async_trait]
impl HttpClient for DirectClient {
    async fn send(&self, request: Request<Body<'_>>) -> WebDriverResult<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Empty => Vec::new(),
            Body::Json(value) => value.to_string().into_bytes(),
        };
        let response = send_request(Request::from_parts(parts, Full::from(body))).await;
        response.map_err(|error| WebDriverError::RequestFailed(error.to_string()))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Self)
    }
}

async fn send_request(
    mut request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, Box<dyn Error + Send + Sync>> {
    let host = request.uri().authority().ok_or("the driver has an address")?.to_string();
    let path = request.uri().path().parse::<Uri>()?;
    *request.uri_mut() = path;
    request.headers_mut().insert(header::HOST, HeaderValue::from_str(&host)?);
    let stream = TcpStream::connect(host).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await?.into_parts();
    Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
}
