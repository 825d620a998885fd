//! Behaviour that only a store in PostgreSQL has: its schema, its rights, TLS and secrets in URLs.

use std::error::Error as _;
use std::ffi::OsString;
use std::fs;

use podproof_core::history::{Store, StoreError, StoreLocation};
use rstest::rstest;

use crate::history_backend::{Backend, PASSWORD, Server};
use crate::history_fixtures::empty_run;

fn location(url: impl Into<OsString>) -> StoreLocation {
    StoreLocation::from(url.into())
}

/// All text of an error and its causes, in every format.
fn text_of(error: &StoreError) -> String {
    let mut text = format!("{error} {error:?} {:?}", error.hint());
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text} {error} {error:?}");
        cause = error.source();
    }
    text
}

#[test]
fn only_podproofs_own_schema_is_changed() {
    let test_store = Backend::Postgres.test_store();
    let theirs = "CREATE TABLE public.run (id TEXT); CREATE SCHEMA podproof";
    let mut client = test_store.client();
    client.batch_execute(theirs).unwrap();
    // An empty schema counts as no store, so that an administrator can create it for a user who may not.
    assert!(matches!(Store::open(&test_store.location), Err(StoreError::Missing { .. })));
    Store::open_or_create(&test_store.location).unwrap().add("nightly", &empty_run(1, "v1.0")).unwrap();
    let places = "SELECT n.nspname, count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                  GROUP BY n.nspname ORDER BY n.nspname";
    let counts: Vec<(String, i64)> =
        client.query(places, &[]).unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(counts, [("podproof".to_owned(), 7), ("public".to_owned(), 1)]);
    assert!(client.query("SELECT * FROM public.run", &[]).unwrap().is_empty());
}

#[test]
fn a_user_with_read_rights_can_list_runs() {
    let test_store = Backend::Postgres.test_store();
    Store::open_or_create(&test_store.location).unwrap().add("nightly", &empty_run(1, "v1.0")).unwrap();
    let mut client = test_store.client();
    let role = format!("reader{}", std::process::id());
    let grant = format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA podproof TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA podproof TO {role}"
    );
    client.batch_execute(&grant).unwrap();
    let theirs = location(test_store.typed.to_str().unwrap().replacen("podproof@", &format!("{role}@"), 1));
    let mut store = Store::open(&theirs).unwrap();
    assert_eq!(store.list(None, 10).unwrap().len(), 1);
    let error = store.add("nightly", &empty_run(2, "v1.0")).unwrap_err();
    assert!(text_of(&error).contains("permission denied"), "{}", text_of(&error));
    assert_eq!(store.list(None, 10).unwrap().len(), 1);
}

#[rstest]
#[case("sslmode=disable", false)]
#[case("sslmode=require&sslrootcert=CERTIFICATE", true)]
#[case("sslmode=verify-full&sslrootcert=CERTIFICATE", true)]
#[case("sslrootcert=CERTIFICATE", true)]
fn a_server_is_reached_with_and_without_tls(#[case] parameters: &str, #[case] tls: bool) {
    let server = Server::shared();
    let parameters = parameters.replace("CERTIFICATE", server.certificate().to_str().unwrap());
    let database = server.database();
    let url = server.network_url(&database, &format!("{parameters}&application_name=tls%20test"));
    let mut store = Store::open_or_create(&location(url)).unwrap();
    store.add("nightly", &empty_run(1, "v1.0")).unwrap();
    let mut client = postgres::Client::connect(&server.socket_url(&database), postgres::NoTls).unwrap();
    let seen = "SELECT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
                WHERE a.application_name = 'tls test' AND a.datname = current_database()";
    assert_eq!(client.query_one(seen, &[]).unwrap().get::<_, bool>(0), tls);
}

#[test]
fn an_untrusted_certificate_is_refused() {
    let server = Server::shared();
    let database = server.database();
    // The certificate is only for `localhost`, so it does not match 127.0.0.1.
    let by_address =
        server.network_url(&database, "sslmode=require&sslrootcert=").replace("localhost", "127.0.0.1");
    let by_address = format!("{by_address}{}", server.certificate().display());
    for url in
        [server.network_url(&database, "sslmode=require"), server.network_url(&database, ""), by_address]
    {
        let error = Store::open_or_create(&location(url)).unwrap_err();
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
        assert!(text_of(&error).contains("certificate"), "{}", text_of(&error));
        assert!(error.hint().unwrap().contains("sslrootcert"), "{error:?}");
    }
    let nothing = tempfile::NamedTempFile::new().unwrap();
    for file in ["/nonexistent", nothing.path().to_str().unwrap()] {
        let url = server.network_url(&database, &format!("sslmode=require&sslrootcert={file}"));
        let error = Store::open_or_create(&location(url)).unwrap_err();
        assert!(matches!(error, StoreError::Roots { .. }), "{error:?}");
    }
    fs::metadata(server.certificate()).unwrap();
}

#[rstest]
#[case::nothing_listens("127.0.0.1:1", "the server is running")]
#[case::no_such_database("/nowhere", "the database in the URL")]
#[case::no_such_folder("/nonexistent", "the server is running")]
fn the_hint_fits_the_error(#[case] wrong: &str, #[case] expected: &str) {
    let server = Server::shared();
    let good = server.network_url(&server.database(), "sslmode=disable");
    let url = match wrong {
        "/nowhere" => good.replace("/test", "/nowhere"),
        "/nonexistent" => "postgres://me@/runs?host=/nonexistent".to_owned(),
        host => format!("postgres://me@{host}/runs"),
    };
    let error = Store::open_or_create(&location(url)).unwrap_err();
    assert!(error.hint().unwrap().contains(expected), "{}", text_of(&error));
}

#[test]
fn no_error_shows_the_password() {
    let server = Server::shared();
    let good = server.network_url(&server.database(), "sslmode=disable");
    let wrong = [
        good.replace("p%40ss", "guessed-s3cret"),
        good.replace("/test", "/nowhere"),
        good.replace("localhost", "nowhere.invalid"),
        good.replace("p%40ss%2Fword%3F", "a@s3cret"),
        good.replace("p%40ss%2Fword%3F", "s3cret?s3cret=1"),
        good.replace("sslmode=disable", "s3cret=s3cret"),
        good.replace("sslmode=disable", "sslmode=s3cret"),
        good.replace("sslmode=disable", "password=s3cret&connect_timeout=s3cret"),
        "postgres://me:s3cret@127.0.0.1:1/runs".to_owned(),
        "postgres://127.0.0.1:1/runs?user=me&password=s3cret".to_owned(),
        "postgres://me:s3cret@/runs".to_owned(),
        "postgres://me:s3cret@127.0.0.1:port/runs".to_owned(),
        "postgres://me:%FFs3cret@[::1/runs".to_owned(),
    ];
    for url in wrong {
        let error = Store::open_or_create(&location(url.clone())).unwrap_err();
        let text = text_of(&error);
        assert!(error.hint().is_some(), "{text}");
        for secret in ["s3cret", "p%40ss", PASSWORD] {
            assert!(!text.contains(secret), "{url}: {text}");
        }
    }
}
