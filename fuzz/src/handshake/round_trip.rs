use arbitrary::{Result, Unstructured};
use bytes::BytesMut;
use tautline_handshake::{
    ClientHandshake, ClientRequest, HandshakeLimits, Progress, ServerHandshake, Uri,
};

use crate::cuts::Cuts;

/// A client asks for something, a server grants it; nothing that either application adds gets lost,
/// changed, or out of its line (R6455-4.1-17, R6455-4.1-35).
pub(super) fn case(cuts: Cuts, input: &mut Unstructured<'_>) -> Result<()> {
    let scheme = if input.arbitrary()? {
        "ws://"
    } else {
        "wss://"
    };
    let text = format!("{scheme}{}", input.arbitrary::<&str>()?);
    let Ok(uri) = Uri::try_from(text) else {
        return Ok(());
    };
    assert_eq!(
        Uri::try_from(uri.to_string()).as_ref(),
        Ok(&uri),
        "read otherwise than written"
    );
    let mut request = ClientRequest::new(uri.clone());
    let mut added = Vec::new();
    for _ in 0..input.arbitrary::<u8>()? % 8 {
        let (name, value) = input.arbitrary::<(&str, &[u8])>()?;
        let tried = request.clone();
        let tried = match input.arbitrary::<u8>()? % 4 {
            0 => tried.subprotocol(name),
            1 => tried.origin(name),
            2 => tried.basic_auth(name, str::from_utf8(value).unwrap_or_default()),
            // A server owes an answer to this one before the 101, and refuses it.
            _ if name.eq_ignore_ascii_case("expect") => continue,
            _ => tried
                .header(name, value)
                .inspect(|_| added.push((name, value))),
        };
        request = tried.unwrap_or(request);
    }

    let (client, head) = ClientHandshake::new(&request, input.arbitrary()?);
    let limits = HandshakeLimits::new()
        .with_max_head_size(usize::MAX)
        .with_max_start_line(usize::MAX);
    let mut received = BytesMut::from(&head[..]);
    let asked = match ServerHandshake::with_limits(limits).recv(&mut received) {
        Ok(Progress::Done(asked)) => asked,
        other => panic!("{other:?} of {:?}", head.escape_ascii().to_string()),
    };
    assert!(received.is_empty(), "a request with something behind it");
    assert_eq!(asked.host(), Some(uri.authority()));
    let target = asked.head().uri().path_and_query().map(ToString::to_string);
    assert_eq!(target.as_deref(), Some(uri.resource_name()));
    assert!(asked.subprotocols().eq(request.subprotocols()));
    for (name, value) in &added {
        let lines = asked.headers().get_all(*name);
        let found = lines
            .iter()
            .any(|line| line.as_bytes() == blanks_removed(value));
        // An origin is written anew, and the last one counts.
        assert!(
            found || name.eq_ignore_ascii_case("origin"),
            "{name} is lost"
        );
    }
    let fields = asked.headers().len();
    let own = 5 + usize::from(!request.subprotocols().is_empty());
    assert_eq!(
        fields,
        own + request.headers().len(),
        "a field that nobody has added"
    );

    let mut accept = asked.accept().expect("what a client asks for is legal");
    if let Some(chosen) = request.subprotocols().last() {
        accept = accept.subprotocol(chosen).expect("it was offered");
    }
    let mut answered = Vec::new();
    for _ in 0..input.arbitrary::<u8>()? % 4 {
        let (name, value) = input.arbitrary::<(&str, &[u8])>()?;
        if let Ok(more) = accept.clone().header(name, value) {
            answered.push((name, value));
            accept = more;
        }
    }
    let (head, _) = accept.encode();
    let mut client = client.with_limits(limits);
    let mut received = BytesMut::new();
    for piece in cuts.pieces(&head) {
        received.extend_from_slice(piece);
        client = match client.recv(&mut received) {
            Ok(Progress::More(client)) => client,
            Ok(Progress::Done(response)) => {
                assert!(received.is_empty(), "an answer with something behind it");
                let chosen = response.subprotocol();
                assert_eq!(chosen, request.subprotocols().last().map(String::as_str));
                for (name, value) in answered {
                    let mut lines = response.headers().get_all(name).iter();
                    assert!(lines.any(|line| line.as_bytes() == blanks_removed(value)));
                }
                return Ok(());
            }
            Err(error) => panic!("{error:?} of {:?}", head.escape_ascii().to_string()),
        };
    }
    panic!("waits for more than the whole answer");
}

/// The blanks around a value are not part of it (RFC 9110 section 5.5).
fn blanks_removed(value: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| b" \t".contains(byte);
    let start = value
        .iter()
        .position(|byte| !is_blank(byte))
        .unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|byte| !is_blank(byte))
        .map_or(start, |last| last + 1);
    &value[start..end]
}
