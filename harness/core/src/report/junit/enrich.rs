//! Adds to a document what junit-report cannot write: counts of skips, wall times, timestamps, properties and other
//! attempts.

use std::io;

use quick_xml::events::Event;
use quick_xml::{Reader, Writer};

use super::addition::Additions;

/// Copies the document `skeleton` and adds `additions`, which must be in document order.
pub(super) fn enrich(skeleton: &[u8], mut additions: Additions<'_>) -> io::Result<Vec<u8>> {
    let mut document = Vec::with_capacity(skeleton.len() * 2);
    let mut writer = Writer::new_with_indent(&mut document, b' ', 2);
    let mut reader = Reader::from_reader(skeleton);
    loop {
        match reader.read_event().map_err(io::Error::other)? {
            Event::Eof => break,
            Event::Start(element) => match additions.next_for(&element) {
                Some(addition) => addition.open(&element, &mut writer)?,
                None => writer.write_event(Event::Start(element))?,
            },
            Event::Empty(element) => match additions.next_for(&element) {
                Some(addition) => {
                    addition.open(&element, &mut writer)?;
                    writer.write_event(Event::End(element.to_end()))?;
                }
                None => writer.write_event(Event::Empty(element))?,
            },
            event @ (Event::End(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_)) => writer.write_event(event)?,
        }
    }
    document.push(b'\n');
    Ok(document)
}
