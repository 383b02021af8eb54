//! The chat's page in a real browser.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod browser;
#[path = "support/relay.rs"]
mod relay;
mod support;

use examples::chat::Limits;
use serde_json::{Value, json};

use crate::browser::{Browser, Page};
use crate::relay::Relay;
use crate::support::Running;

/// S-09: two pages talk. Then the server goes away and comes back, and they go on by themselves
/// (R6455-7.2.3-01).
#[tokio::test(flavor = "multi_thread")]
async fn two_pages_talk_and_outlive_a_restart_of_the_server() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let chat = Running::start(Limits::default());
    let address = chat.address;
    let alice = join(&mut browser, &format!("http://{address}/"), "alice").await;
    let bob = join(&mut browser, &format!("http://{address}/r/lobby"), "bob").await;
    assert_eq!(browser.value(&alice, "location.pathname").await, "/r/lobby");
    for page in [&alice, &bob] {
        browser
            .wait(page, &format!("{PEOPLE} === 'alice,bob'"))
            .await;
    }

    let hostile = "<img src=x onerror=alert(1)> see https://example.com/a_(b).";
    let mut said = vec!["hello from alice", "hello from bob", hostile, "two\nlines"];
    for (n, text) in said.iter().enumerate() {
        let author = if n % 2 == 0 { &alice } else { &bob };
        say(&mut browser, author, text).await;
        for page in [&alice, &bob] {
            browser
                .wait(page, &format!("{TEXTS}.length === {}", n + 1))
                .await;
        }
    }
    // A burst by both, as fast as a keyboard never is.
    for text in ["1", "2", "3"] {
        say(&mut browser, &alice, text).await;
        say(&mut browser, &bob, text).await;
    }
    for page in [&alice, &bob] {
        browser.wait(page, &format!("{TEXTS}.length === 10")).await;
    }
    let all = browser.value(&alice, TEXTS).await;
    assert_eq!(
        all,
        browser.value(&bob, TEXTS).await,
        "both see the same, in the same order"
    );
    assert_eq!(
        all.as_array().unwrap()[..4],
        said.iter().map(|t| json!(t)).collect::<Vec<_>>()
    );
    assert_eq!(
        browser.value(&alice, OWN).await,
        json!(["hello from alice", hostile, "1", "2", "3"])
    );
    assert_eq!(
        browser
            .value(&bob, "document.querySelectorAll('#log img').length")
            .await,
        0
    );
    let link = "document.querySelector('#log a').href";
    assert_eq!(browser.value(&bob, link).await, "https://example.com/a_(b)");
    assert_eq!(
        browser.problems(),
        &[] as &[String],
        "no exception, nothing against the policy"
    );

    chat.stop().await;
    for page in [&alice, &bob] {
        browser
            .wait(
                page,
                &format!("{STATUS}.startsWith('Reconnecting') || {STATUS} === 'Offline'"),
            )
            .await;
        browser
            .wait(
                page,
                "/Reconnecting/.test(document.querySelector('#banner').innerText)",
            )
            .await;
        assert_eq!(
            browser.value(page, PEOPLE).await,
            "",
            "who is here is not known now"
        );
    }
    say(&mut browser, &alice, "written while away").await;
    assert_eq!(
        browser.value(&alice, WAITING).await,
        json!(["written while away"])
    );

    let chat = Running::start_at(address, Limits::default());
    for page in [&alice, &bob] {
        browser
            .wait(
                page,
                &format!("{STATUS} === 'Online' && {PEOPLE} === 'alice,bob'"),
            )
            .await;
    }
    // Bob may have come after it was sent; then it is in the history he gets.
    browser.wait(&bob, &format!("{TEXTS}.length === 11")).await;
    say(&mut browser, &bob, "and on it goes").await;
    said = vec!["written while away", "and on it goes"];
    for page in [&alice, &bob] {
        browser.wait(page, &format!("{TEXTS}.length === 12")).await;
        let texts = browser.value(page, TEXTS).await;
        assert_eq!(
            texts.as_array().unwrap()[10..],
            said.iter().map(|t| json!(t)).collect::<Vec<_>>()
        );
        assert_eq!(browser.value(page, WAITING).await, json!([]));
    }

    // A reload asks for no name again and shows what the server still knows.
    browser
        .visit(&alice, &format!("http://{address}/r/lobby"))
        .await;
    browser
        .wait(
            &alice,
            &format!("{STATUS} === 'Online' && {TEXTS}.length === 2"),
        )
        .await;
    assert_eq!(
        browser.value(&alice, OWN).await,
        json!(["written while away"])
    );
    browser.stop().await;
    chat.stop().await;
}

/// R6455-7.2.3-01: the server stays and the network goes. What was said meanwhile is there
/// afterwards, in order and once, also the text that was on its way when the network went.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_lost_its_network_catches_up() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let chat = Running::start(Limits::default());
    let network = Relay::start(([127, 0, 0, 1], 0).into(), chat.address).await;
    let near = network.address;
    let alice = join(&mut browser, &format!("http://{near}/r/lobby"), "alice").await;
    let bob = join(
        &mut browser,
        &format!("http://{}/r/lobby", chat.address),
        "bob",
    )
    .await;
    say(&mut browser, &alice, "before").await;
    browser.wait(&bob, &format!("{TEXTS}.length === 1")).await;

    say(&mut browser, &alice, "on its way").await;
    network.cut().await;
    browser.wait(&bob, &format!("{PEOPLE} === 'bob'")).await;
    browser
        .wait(&alice, &format!("{STATUS} !== 'Online'"))
        .await;
    say(&mut browser, &bob, "meanwhile").await;
    say(&mut browser, &alice, "when back").await;
    browser
        .wait(&bob, &format!("{TEXTS}.includes('meanwhile')"))
        .await;

    let network = Relay::start(near, chat.address).await;
    for page in [&alice, &bob] {
        browser
            .wait(
                page,
                &format!("{STATUS} === 'Online' && {PEOPLE} === 'alice,bob'"),
            )
            .await;
        browser
            .wait(
                page,
                &format!("{TEXTS}.length === 4 && {WAITING}.length === 0"),
            )
            .await;
    }
    let all = browser.value(&alice, TEXTS).await;
    assert_eq!(all, browser.value(&bob, TEXTS).await);
    // Whether it got through before the network went is for the network to say.
    let through = json!(["before", "on its way", "meanwhile", "when back"]);
    let late = json!(["before", "meanwhile", "on its way", "when back"]);
    assert!(all == through || all == late, "{all}");
    let own = browser.value(&alice, OWN).await;
    assert_eq!(own, json!(["before", "on its way", "when back"]));
    browser.stop().await;
    network.cut().await;
    chat.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_fits_a_phone_and_leaves_a_reader_who_scrolled_up_in_peace() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let chat = Running::start(Limits::default());
    let url = format!("http://{}/r/lobby", chat.address);
    let alice = join(&mut browser, &url, "alice").await;
    let bob = join(&mut browser, &url, "bob").await;
    browser.resize(&alice, 390, 700).await;
    browser.wait(&alice, "innerWidth === 390").await;
    for n in 0..15 {
        say(
            &mut browser,
            &bob,
            &format!("line {n}\nand {}", "averylongword".repeat(12)),
        )
        .await;
        browser
            .wait(&alice, &format!("{TEXTS}.length === {}", n + 1))
            .await;
    }
    browser.wait(&alice, AT_END).await;
    let overflow = "document.scrollingElement.scrollWidth > 390 || \
                    document.querySelector('#scroll').scrollWidth > 390";
    assert_eq!(browser.value(&alice, overflow).await, false);

    // The people are one tap away, and the way back as well.
    let drawer = "getComputedStyle(document.querySelector('#side')).visibility";
    assert_eq!(browser.value(&alice, drawer).await, "hidden");
    browser.click(&alice, "#menu").await;
    browser
        .wait(&alice, &format!("{drawer} === 'visible'"))
        .await;
    browser
        .wait(
            &alice,
            "document.querySelector('#side').getBoundingClientRect().x === 0",
        )
        .await;
    assert_eq!(browser.value(&alice, PEOPLE).await, "alice,bob");
    browser.click(&alice, "#side-close").await;
    browser
        .wait(&alice, &format!("{drawer} === 'hidden'"))
        .await;

    browser
        .value(&alice, "document.querySelector('#scroll').scrollTop = 0")
        .await;
    browser
        .wait(&alice, "!document.querySelector('#pill').hidden")
        .await;
    say(&mut browser, &bob, "are you reading this?").await;
    browser
        .wait(
            &alice,
            "document.querySelector('#pill').innerText.trim() === '1 new message'",
        )
        .await;
    assert_eq!(
        browser
            .value(&alice, "document.querySelector('#scroll').scrollTop")
            .await,
        0
    );
    assert_eq!(
        browser
            .value(&alice, "document.title.startsWith('(1) #lobby')")
            .await,
        true
    );
    browser.click(&alice, "#pill").await;
    browser
        .wait(
            &alice,
            &format!("{AT_END} && document.querySelector('#pill').hidden"),
        )
        .await;
    assert_eq!(
        browser
            .value(&alice, "document.title.startsWith('#lobby')")
            .await,
        true
    );

    // Another room is a click away, and empty.
    browser.click(&bob, "a[href='/r/coffee']").await;
    browser
        .wait(
            &bob,
            &format!("{STATUS} === 'Online' && {PEOPLE} === 'bob'"),
        )
        .await;
    assert_eq!(browser.value(&bob, "location.pathname").await, "/r/coffee");
    assert_eq!(browser.value(&bob, TEXTS).await, json!([]));
    browser.wait(&alice, &format!("{PEOPLE} === 'alice'")).await;
    assert_eq!(browser.problems(), &[] as &[String]);
    browser.stop().await;
    chat.stop().await;
}

/// Opens the chat and gives the name that it asks for.
async fn join(browser: &mut Browser, url: &str, name: &str) -> Page {
    let page = browser.open(url).await;
    browser
        .wait(&page, "document.activeElement?.id === 'name'")
        .await;
    browser.write(&page, name).await;
    browser.press_enter(&page).await;
    browser.wait(&page, &format!("{STATUS} === 'Online'")).await;
    page
}

async fn say(browser: &mut Browser, page: &Page, text: &str) {
    let focused = browser
        .value(page, "document.querySelector('#text').focus()")
        .await;
    assert_eq!(focused, Value::Null);
    browser.write(page, text).await;
    browser.press_enter(page).await;
}

const STATUS: &str = "document.querySelector('#status-text').textContent";

const TEXTS: &str = "[...document.querySelectorAll('#log .body')].map((n) => n.textContent)";

const OWN: &str = "[...document.querySelectorAll('#log .own .body')].map((n) => n.textContent)";

/// What was written and is not known to have arrived.
const WAITING: &str = "[...document.querySelectorAll('#outbox .body')].map((n) => n.textContent)";

const PEOPLE: &str =
    "[...document.querySelectorAll('#people bdi')].map((n) => n.textContent).sort().join()";

const AT_END: &str = "(() => { const s = document.querySelector('#scroll'); \
                      return s.scrollHeight - s.scrollTop - s.clientHeight < 2; })()";
