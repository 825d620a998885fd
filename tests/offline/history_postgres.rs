//! What only a store in PostgreSQL can do wrong.

use std::error::Error as _;
use std::ffi::OsString;
use std::fs;

use podproof::history::{Place, Store, StoreError};
use rstest::rstest;

use crate::history_backend::{Backend, PASSWORD, Server};
use crate::history_world::empty_run;

fn place(url: impl Into<OsString>) -> Place {
    Place::from(url.into())
}

/// Everything that an error says, in any form.
fn told(error: &StoreError) -> String {
    let mut told = format!("{error} {error:?} {:?}", error.hint());
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told} {error} {error:?}");
        cause = error.source();
    }
    told
}

#[test]
fn nothing_of_the_database_is_touched_but_a_schema_of_our_own() {
    let spot = Backend::Postgres.spot();
    let theirs = "CREATE TABLE public.run (id TEXT); CREATE SCHEMA podproof";
    let mut client = spot.client();
    client.batch_execute(theirs).unwrap();
    // A schema without a table is as good as none: who may not make one can be given it.
    assert!(matches!(Store::open(&spot.place), Err(StoreError::Missing { .. })));
    Store::open_or_make(&spot.place).unwrap().add("nightly", &empty_run(1, "v1.0")).unwrap();
    let places = "SELECT n.nspname, count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                  GROUP BY n.nspname ORDER BY n.nspname";
    let counts: Vec<(String, i64)> =
        client.query(places, &[]).unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(counts, [("podproof".to_owned(), 7), ("public".to_owned(), 1)]);
    assert!(client.query("SELECT * FROM public.run", &[]).unwrap().is_empty());
}

#[test]
fn who_may_only_read_can_look() {
    let spot = Backend::Postgres.spot();
    Store::open_or_make(&spot.place).unwrap().add("nightly", &empty_run(1, "v1.0")).unwrap();
    let mut client = spot.client();
    let role = format!("reader{}", std::process::id());
    let grant = format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA podproof TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA podproof TO {role}"
    );
    client.batch_execute(&grant).unwrap();
    let theirs = place(spot.typed.to_str().unwrap().replacen("podproof@", &format!("{role}@"), 1));
    let mut store = Store::open(&theirs).unwrap();
    assert_eq!(store.list(None, 10).unwrap().len(), 1);
    let error = store.add("nightly", &empty_run(2, "v1.0")).unwrap_err();
    assert!(told(&error).contains("permission denied"), "{}", told(&error));
    assert_eq!(store.list(None, 10).unwrap().len(), 1);
}

#[rstest]
#[case("sslmode=disable", false)]
#[case("sslmode=require&sslrootcert=CERTIFICATE", true)]
#[case("sslmode=verify-full&sslrootcert=CERTIFICATE", true)]
#[case("sslrootcert=CERTIFICATE", true)]
fn a_server_is_reached_with_and_without_tls(#[case] parameters: &str, #[case] tls: bool) {
    let server = Server::ours();
    let parameters = parameters.replace("CERTIFICATE", server.certificate().to_str().unwrap());
    let database = server.database();
    let url = server.by_network(&database, &format!("{parameters}&application_name=tls%20test"));
    let mut store = Store::open_or_make(&place(url)).unwrap();
    store.add("nightly", &empty_run(1, "v1.0")).unwrap();
    let mut client = postgres::Client::connect(&server.by_socket(&database), postgres::NoTls).unwrap();
    let seen = "SELECT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
                WHERE a.application_name = 'tls test' AND a.datname = current_database()";
    assert_eq!(client.query_one(seen, &[]).unwrap().get::<_, bool>(0), tls);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = Server::ours();
    let database = server.database();
    // Its name is `localhost`: the same server by its number is somebody else.
    let by_number =
        server.by_network(&database, "sslmode=require&sslrootcert=").replace("localhost", "127.0.0.1");
    let by_number = format!("{by_number}{}", server.certificate().display());
    for url in [server.by_network(&database, "sslmode=require"), server.by_network(&database, ""), by_number]
    {
        let error = Store::open_or_make(&place(url)).unwrap_err();
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
        assert!(told(&error).contains("certificate"), "{}", told(&error));
        assert!(error.hint().unwrap().contains("sslrootcert"), "{error:?}");
    }
    let nothing = tempfile::NamedTempFile::new().unwrap();
    for file in ["/nonexistent", nothing.path().to_str().unwrap()] {
        let url = server.by_network(&database, &format!("sslmode=require&sslrootcert={file}"));
        let error = Store::open_or_make(&place(url)).unwrap_err();
        assert!(matches!(error, StoreError::Roots { .. }), "{error:?}");
    }
    fs::metadata(server.certificate()).unwrap();
}

#[rstest]
#[case::nobody_there("127.0.0.1:1", "the server is up")]
#[case::no_such_database("/nowhere", "the database in the URL")]
#[case::no_such_folder("/nonexistent", "the server is up")]
fn the_hint_is_about_what_was_wrong(#[case] wrong: &str, #[case] expected: &str) {
    let server = Server::ours();
    let good = server.by_network(&server.database(), "sslmode=disable");
    let url = match wrong {
        "/nowhere" => good.replace("/test", "/nowhere"),
        "/nonexistent" => "postgres://me@/runs?host=/nonexistent".to_owned(),
        host => format!("postgres://me@{host}/runs"),
    };
    let error = Store::open_or_make(&place(url)).unwrap_err();
    assert!(error.hint().unwrap().contains(expected), "{}", told(&error));
}

#[test]
fn no_error_tells_the_password() {
    let server = Server::ours();
    let good = server.by_network(&server.database(), "sslmode=disable");
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
        let error = Store::open_or_make(&place(url.clone())).unwrap_err();
        let told = told(&error);
        assert!(error.hint().is_some(), "{told}");
        for secret in ["s3cret", "p%40ss", PASSWORD] {
            assert!(!told.contains(secret), "{url}: {told}");
        }
    }
}
