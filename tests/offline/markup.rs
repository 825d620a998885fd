//! Parses an HTML page that is also well-formed XML, except for its void elements.

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

/// A start tag: its name and its attributes.
pub type Tag = (String, Vec<(String, String)>);

/// The HTML elements without an end tag.
const VOID: [&str; 2] = ["meta", "input"];

/// The elements that a page may have. None of them fetches anything by itself.
const KNOWN: [&str; 46] = [
    "html", "head", "meta", "title", "style", "script", "body", "header", "main", "footer", "nav", "section",
    "h1", "h2", "h3", "h4", "p", "div", "span", "a", "ul", "li", "dl", "dt", "dd", "details", "summary",
    "table", "caption", "thead", "tbody", "tr", "th", "td", "pre", "code", "strong", "label", "input", "svg",
    "g", "rect", "line", "circle", "text", "desc",
];

/// The start tags of a page. Panics unless its tags are balanced, its attributes are quoted and XML allows its
/// characters.
pub fn tags(page: &str) -> Vec<Tag> {
    let forbidden =
        |c: &char| (c.is_control() && !"\t\n".contains(*c)) || "\u{FFFE}\u{FFFF}\u{202E}".contains(*c);
    assert_eq!(page.chars().find(forbidden), None);
    let mut reader = Reader::from_str(page);
    reader.config_mut().check_end_names = false;
    let (mut open, mut tags) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                    (key, attribute.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned())
                });
                tags.push((name.clone(), attributes.collect()));
                if !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
            }
            Event::End(end) => {
                let name = String::from_utf8(end.name().as_ref().to_vec()).unwrap();
                assert_eq!(open.pop(), Some(name));
            }
            Event::Eof => break,
            Event::Text(_) | Event::GeneralRef(_) | Event::DocType(_) => {}
            other => unreachable!("{other:?}"),
        }
    }
    assert_eq!(open, [""; 0]);
    tags
}

/// Asserts that the page fetches nothing and runs no script except its own.
pub fn assert_harmless(tags: &[Tag]) {
    for (name, attributes) in tags {
        assert!(KNOWN.contains(&name.as_str()), "{name}");
        for (key, value) in attributes {
            assert!(
                !key.starts_with("on")
                    && !["src", "srcset", "style", "action", "xlink:href"].contains(&key.as_str())
            );
            if key == "href" {
                assert!(value.starts_with('#') || value.starts_with("cases/"), "{value}");
                assert!(name == "a", "{name}");
            }
        }
    }
    assert!(tags.iter().filter(|(name, _)| name == "script").count() <= 1);
}
