use arbitrary::{Result, Unstructured};
use tautline_deflate::{Answer, ClientWindow, Context, Offer, Settings, Window, WindowBits};

/// A client's or anybody's offers, answered by a server: what one end may send, the other one is
/// ready for, and neither remembers more than it wants to (RFC 7692 sections 5 and 7.1).
pub(super) fn case(input: &mut Unstructured<'_>) -> Result<()> {
    let (client, server) = (settings(input)?, settings(input)?);
    let offers = match input.arbitrary()? {
        false => client.offers(),
        true => {
            let count = input.arbitrary::<u8>()? % 4;
            (0..count).map(|_| offer(input)).collect::<Result<_>>()?
        }
    };
    for offer in &offers {
        let params: Vec<_> = offer.params().collect();
        assert_eq!(
            Offer::parse(written(&params).iter().map(borrowed)),
            Ok(*offer)
        );
    }
    let Some((answer, of_server)) = server.answer(offers.iter().copied().map(Ok)) else {
        let is_impossible = |offer: &Offer| offer.server_max_window_bits == Some(WindowBits::MIN);
        assert!(offers.iter().all(is_impossible), "declined for no reason");
        return Ok(());
    };
    let params: Vec<_> = answer.params().collect();
    assert_eq!(
        Answer::parse(written(&params).iter().map(borrowed)),
        Ok(answer)
    );
    let of_client = client
        .agree(&offers, &answer)
        .expect("the answer is to these offers");

    let to_client = of_server
        .compress
        .expect("nothing limits a server to 256 bytes");
    assert!(
        suits(to_client, of_client.decompress),
        "{to_client:?} for {of_client:?}"
    );
    if let Some(to_server) = of_client.compress {
        assert!(
            suits(to_server, of_server.decompress),
            "{to_server:?} for {of_server:?}"
        );
        assert!(to_server.window <= client.window());
        assert!(client.context_takeover() || !to_server.takeover);
    }
    assert!(to_client.window <= server.window());
    assert!(server.context_takeover() || !to_client.takeover);
    assert!(is_small(of_server.decompress, server), "{of_server:?}");
    // Whoever offers something else than its settings say gets what it has offered.
    let is_own = offers == client.offers();
    assert!(
        !is_own || is_small(of_client.decompress, client),
        "{of_client:?}"
    );
    Ok(())
}

/// Whether a receiver is ready for all that a sender may do.
fn suits(sender: Context, receiver: Context) -> bool {
    sender.window <= receiver.window && (receiver.takeover || !sender.takeover)
}

/// Whether no more is remembered than an endpoint wants to.
fn is_small(context: Context, settings: Settings) -> bool {
    !context.takeover || context.window <= settings.peer_window()
}

fn settings(input: &mut Unstructured<'_>) -> Result<Settings> {
    let mut settings = Settings::new()
        .with_window(window(input)?)
        .with_peer_window(window(input)?);
    if input.arbitrary()? {
        settings = settings.without_context_takeover();
    }
    if input.arbitrary()? {
        settings = settings.without_peer_context_takeover();
    }
    Ok(settings)
}

fn offer(input: &mut Unstructured<'_>) -> Result<Offer> {
    let mut offer = Offer {
        server_no_context_takeover: input.arbitrary()?,
        client_no_context_takeover: input.arbitrary()?,
        ..Offer::default()
    };
    if input.arbitrary()? {
        offer.server_max_window_bits = Some(bits(input)?);
    }
    offer.client_max_window_bits = match input.arbitrary::<u8>()? % 3 {
        0 => None,
        1 => Some(ClientWindow::Any),
        _ => Some(ClientWindow::AtMost(bits(input)?)),
    };
    Ok(offer)
}

fn bits(input: &mut Unstructured<'_>) -> Result<WindowBits> {
    let bits = WindowBits::new(input.arbitrary::<u8>()? % 8 + 8);
    Ok(bits.expect("8 to 15 are numbers of bits"))
}

fn window(input: &mut Unstructured<'_>) -> Result<Window> {
    // There is no window of 8 bits; 9 are the next.
    Ok(Window::from_bits(bits(input)?).unwrap_or(Window::Bytes512))
}

/// Parameters as they are in a header.
fn written(params: &[(&'static str, Option<WindowBits>)]) -> Vec<(&'static str, Option<String>)> {
    let text = |bits: WindowBits| bits.to_string();
    params
        .iter()
        .map(|&(name, bits)| (name, bits.map(text)))
        .collect()
}

fn borrowed<'a>((name, value): &'a (&'static str, Option<String>)) -> (&'a str, Option<&'a str>) {
    (name, value.as_deref())
}
