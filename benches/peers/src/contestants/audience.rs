use std::pin::Pin;

/// The connections of a server that tells all of them the same.
pub(crate) trait Audience {
    /// Sends a text to every connection, flushed.
    fn tell<'a>(&'a mut self, text: &'a str) -> Telling<'a>;
}

pub(crate) type Telling<'a> = Pin<Box<dyn Future<Output = anyhow::Result<()>> + 'a>>;

/// An audience of a library: `make` turns the text into what a program would keep of it for all,
/// and `send` sends it on one connection.
pub(super) fn of<W, M, S>(
    connections: Vec<W>,
    make: fn(&str) -> M,
    send: S,
) -> anyhow::Result<Box<dyn Audience>>
where
    W: 'static,
    M: 'static,
    S: AsyncFn(&mut W, &mut M) -> anyhow::Result<()> + 'static,
{
    Ok(Box::new(Library {
        connections,
        make,
        send,
    }))
}

struct Library<W, M, S> {
    connections: Vec<W>,
    make: fn(&str) -> M,
    send: S,
}

impl<W, M, S> Audience for Library<W, M, S>
where
    S: AsyncFn(&mut W, &mut M) -> anyhow::Result<()>,
{
    fn tell<'a>(&'a mut self, text: &'a str) -> Telling<'a> {
        Box::pin(async move {
            let mut message = (self.make)(text);
            for connection in &mut self.connections {
                (self.send)(connection, &mut message).await?;
            }
            Ok(())
        })
    }
}
