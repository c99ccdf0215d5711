package io.undercurrent.cli;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import io.undercurrent.LetterModel;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the live page in a real browser, with a real app and a real broker. */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class LivePageTest {

  private static final int PATIENCE_MS = 60_000;

  @TempDir static Path brokerFolder;
  private static EmbeddedBroker broker;
  private static Chromium chromium;

  @TempDir Path state;
  private String name;
  private final List<String> asked = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();
  private Page page;

  @BeforeAll
  static void start() {
    chromium = Chromium.start();
    broker = EmbeddedBroker.start(brokerFolder);
    PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MS);
  }

  @AfterAll
  static void stop() {
    if (chromium != null) {
      chromium.close();
    }
    if (broker != null) {
      broker.close();
    }
  }

  @BeforeEach
  void nameEverythingAfterTheTest(TestInfo test) {
    name = test.getTestMethod().orElseThrow().getName();
  }

  @AfterEach
  void closePage() {
    if (page != null) {
      page.close();
    }
  }

  private ServedApp app(int port) {
    return app(port, KeyEncoding.TEXT);
  }

  private ServedApp app(int port, KeyEncoding keyEncoding) {
    return app(port, keyEncoding, LetterModel.looking(3));
  }

  private ServedApp app(int port, KeyEncoding keyEncoding, Model model) {
    return app(port, keyEncoding, model, Map.of("undercurrent.live.input", "true"));
  }

  private ServedApp app(
      int port, KeyEncoding keyEncoding, Model model, Map<String, String> settings) {
    return new ServedApp(
        broker, ServedApp.definition(name, keyEncoding), model, state, port, settings);
  }

  private void open(ServedApp app, Browser.NewPageOptions options) {
    navigate(app, options);
    assertThat(page.locator("#connection")).hasText("live");
  }

  private void navigate(ServedApp app, Browser.NewPageOptions options, String... scripts) {
    page = chromium.browser().newPage(options);
    Stream.of(scripts).forEach(page::addInitScript);
    page.setDefaultTimeout(PATIENCE_MS);
    page.onRequest(request -> asked.add(request.url()));
    page.onPageError(errors::add);
    page.onConsoleMessage(
        message -> {
          if (message.type().equals("error")) {
            errors.add(message.text());
          }
        });
    page.navigate(app.address() + "/");
  }

  private Locator row(String key) {
    return page.locator("#list a", new Page.LocatorOptions().setHasText(key));
  }

  private Locator records() {
    return page.locator("#log > li[id]");
  }

  @Test
  void shouldShowAConversationWordByWord() throws Exception {
    try (ServedApp app = app(0).start()) {
      open(app, new Browser.NewPageOptions());
      assertThat(page.locator("#none")).isVisible();
      app.send("alpha", "a b c", "d e f", "");
      app.send("beta", "g h");
      assertThat(page.locator("#list li")).hasCount(2);
      assertThat(row("alpha").locator("canvas")).hasCount(1);
      assertThat(page.locator("#records")).hasText("4");

      row("alpha").click();
      assertThat(page.locator("#key")).hasText("alpha");
      assertThat(records()).hasCount(3);
      assertThat(records().nth(0).locator(".token")).hasText(new String[] {"a", "b", "c"});
      assertThat(records().nth(1).locator(".fact")).not().hasCount(0);
      assertThat(records().nth(2)).containsText("(no text)");
      records().nth(1).locator(".token").nth(1).click();
      assertThat(records().nth(1).locator(".detail")).containsText("e changed the sentiment by");
      assertThat(page.locator("#mood")).containsText("after 3 records");

      app.send("alpha", "i j");
      assertThat(records()).hasCount(4);
      app.send("alpha", (String) null); // deletes the key's state
      assertThat(page.locator("#list li")).hasCount(1);
      assertThat(page.locator("#log")).hasText("A tombstone was received: this key is forgotten.");
      app.send("alpha", "k");
      assertThat(page.locator("#mood")).containsText("after 1 record");
      assertThat(records()).hasCount(1);
      assertNothingFromElsewhere(app);
    }
  }

  /** The model attends to three records and has a cache of seven tokens. */
  @Test
  void shouldHighlightThePastTextThatAttentionLookedAt() throws Exception {
    try (ServedApp app = app(0).start()) {
      app.send("alpha", "a b c", "d e f", "a b");
      JsonNode trace = app.await("/v1/keys/alpha/trace", j -> j.path("records").size() == 3);
      JsonNode looked = trace.at("/records/2/attention/records");
      JsonNode repeated = trace.at("/records/2/attention/tokens");
      open(app, new Browser.NewPageOptions());
      row("alpha").click();
      assertThat(records()).hasCount(3);
      assertThat(records().nth(0).locator(".fact a")).hasCount(0); // the first record has no past

      Locator marks = records().nth(2).locator(".fact mark");
      assertThat(marks).hasCount(looked.size() + repeated.size());
      assertThat(looked).isNotEmpty();
      assertThat(repeated).isNotEmpty();
      Locator links = records().nth(2).locator(".fact a");
      for (int i = 0; i < looked.size(); i++) {
        JsonNode past = looked.get(i);
        assertThat(marks.nth(i)).hasText(past.path("text").asText());
        assertThat(background(marks.nth(i))).isNotEqualTo("rgba(0, 0, 0, 0)");
        assertThat(links.nth(i)).hasText("#" + past.path("record").asInt());
      }
      for (int i = 0; i < repeated.size(); i++) {
        assertThat(marks.nth(looked.size() + i)).hasText(repeated.at("/" + i + "/token").asText());
      }

      Locator first = page.locator("#record-" + looked.at("/0/record").asInt());
      String before = background(first);
      links.first().focus();
      assertThat(first).hasClass("looked-at");
      assertThat(background(first)).isNotEqualTo(before);
      links.first().blur();
      assertThat(first).not().hasClass("looked-at");
      links.first().click();
      assertThat(first.locator(".token").first()).isFocused();
      assertNothingFromElsewhere(app);
    }
  }

  private static String background(Locator element) {
    return (String) element.evaluate("e => getComputedStyle(e).backgroundColor");
  }

  @Test
  void shouldShowTheLabelAndItsProbabilityWhereThereIsNoScore() throws Exception {
    Model intents = LetterModel.with(Labels.unscored(List.of("book", "cancel")), 3);
    try (ServedApp app = app(0, KeyEncoding.TEXT, intents).start()) {
      open(app, new Browser.NewPageOptions());
      app.send("alpha", "a b c");
      assertThat(row("alpha").locator(".mood")).containsText(Pattern.compile("(book|cancel) \\d+"));
      row("alpha").click();
      assertThat(records()).hasCount(1);
      assertThat(page.locator("#mood")).containsText("after 1 record");
      assertThat(page.locator("#chart")).isHidden();
      assertThat(records().first().locator(".token[data-moved=up], .token[data-moved=down]"))
          .hasCount(0);
      records().first().locator(".token").first().click();
      assertThat(records().first().locator(".detail")).containsText("a surprise ");
      assertNothingFromElsewhere(app);
    }
  }

  @Test
  void shouldWorkByKeyboard() throws Exception {
    try (ServedApp app = app(0).start()) {
      app.send("alpha", "a b");
      app.send("beta", "c d");
      open(app, new Browser.NewPageOptions().setColorScheme(ColorScheme.DARK));
      assertThat(page.locator("#list li")).hasCount(2);
      page.locator("#list a").first().focus();
      page.keyboard().press("ArrowDown");
      page.keyboard().press("Enter");
      assertThat(page.locator("#list a").nth(1)).hasAttribute("aria-current", "true");
      records().first().locator(".token").first().focus();
      page.keyboard().press("ArrowRight");
      assertThat(records().first().locator(".token").nth(1)).isFocused();
      assertThat(records().first().locator(".detail")).containsText("changed the sentiment by");
      page.keyboard().press("Escape");
      assertThat(page.locator("#invitation")).isVisible();
      assertNothingFromElsewhere(app);
    }
  }

  @Test
  void shouldSendTypedTextAndShowItsEnrichedRecord() throws Exception {
    try (ServedApp app = app(0).start()) {
      open(app, new Browser.NewPageOptions().setViewportSize(390, 800)); // a phone
      page.locator("#send-key").fill("me <b>");
      page.locator("#send-text").fill("a <img src=x> b");
      page.locator("#send button").click();
      assertThat(page.locator("#sent")).containsText("sent to ");
      assertThat(page.locator("#key")).hasText("me <b>");
      assertThat(records()).hasCount(1);
      assertThat(records().first().locator(".record-text")).hasText("a <img src=x> b");
      assertThat(page.locator("#list")).not().isVisible();
      page.locator("#back").click();
      assertThat(row("me <b>")).isVisible();
      assertThat((int) page.evaluate("document.documentElement.scrollWidth"))
          .isLessThanOrEqualTo(390);
      assertNothingFromElsewhere(app);
    }
  }

  @ParameterizedTest
  @CsvSource({"LONG, -103", "BASE64, +/8=", "UUID, 1b4e28ba-2fa1-11d2-883f-0016d3cca427"})
  void shouldShowKeysOfTheTopologysEncodingAndTakeMessagesForThem(KeyEncoding encoding, String key)
      throws Exception {
    name += encoding.code();
    try (ServedApp app = app(0, encoding).start()) {
      open(app, new Browser.NewPageOptions());
      app.send(encoding.bytes(key), "a b");
      row(key).click();
      assertThat(page.locator("#key")).hasText(key);
      assertThat(records()).hasCount(1);
      assertThat(page.locator("#send-key")).hasValue(key);
      page.locator("#send-text").fill("c");
      page.locator("#send button").click();
      assertThat(page.locator("#sent")).containsText("sent to ");
      assertThat(records()).hasCount(2);
      assertThat(page.locator("#list li")).hasCount(1);
      page.reload();
      assertThat(page.locator("#key")).hasText(key);
      assertThat(records()).hasCount(2);
      app.send(encoding.bytes(key), (String) null);
      assertThat(page.locator("#log")).hasText("A tombstone was received: this key is forgotten.");
      assertNothingFromElsewhere(app);
    }
  }

  @Test
  void shouldReconnectAfterARestart() throws Exception {
    int port = ServedApp.freePort();
    try (ServedApp first = app(port).start()) {
      open(first, new Browser.NewPageOptions());
      first.send("alpha", "a b");
      row("alpha").click();
      assertThat(records()).hasCount(1);
    }
    assertThat(page.locator("#connection")).hasAttribute("data-kind", "waiting");
    try (ServedApp second = app(port).start()) {
      assertThat(page.locator("#connection")).hasText("live");
      second.send("alpha", "c d");
      assertThat(records()).hasCount(2);
      assertThat(page.locator("#list li")).hasCount(1);
      assertThat(page.locator("#mood")).containsText("after 2 records");
    }
  }

  @Test
  void shouldAskForTheTokenOnce() throws Exception {
    Path file = Files.writeString(state.resolve("token"), "0123456789abcdef");
    Map<String, String> settings =
        Map.of("undercurrent.live.input", "true", "undercurrent.http.token.file", file.toString());
    try (ServedApp app =
        new ServedApp(
                broker,
                ServedApp.definition(name),
                LetterModel.looking(3),
                state.resolve("states"),
                0,
                settings)
            .start()) {
      app.send("alpha", "a b");
      navigate(app, new Browser.NewPageOptions());
      assertThat(page.locator("#connection")).hasText("needs a token");
      page.locator("#token").fill("another, wrong one");
      page.locator("#door button").click(); // refused by the form: a space
      page.locator("#token").fill("another-wrong-one");
      page.locator("#door button").click();
      assertThat(page.locator("#wrong")).isVisible();
      page.locator("#token").fill("0123456789abcdef");
      page.locator("#door button").click();
      assertThat(page.locator("#connection")).hasText("live");
      assertThat(page.locator("#door")).isHidden();
      row("alpha").click();
      assertThat(records()).hasCount(1);
      page.locator("#send-text").fill("c");
      page.locator("#send button").click();
      assertThat(page.locator("#sent")).containsText("sent to ");
      page.reload();
      assertThat(page.locator("#connection")).hasText("live");
      assertThat(page.locator("#door")).isHidden();
      assertThat(asked).noneMatch(url -> url.contains("0123456789abcdef"));
    }
  }

  /** Such chars end a line in some languages, but not in an event. */
  @Test
  void shouldShowATextWithUnicodeLineSeparators() throws Exception {
    try (ServedApp app = app(0).start()) {
      open(app, new Browser.NewPageOptions());
      app.send("alpha", "a\u2028b", "c\u2029d\u0085e");
      row("alpha").click();
      assertThat(records()).hasCount(2);
      assertThat(page.locator("#connection")).hasText("live");
      assertNothingFromElsewhere(app);
    }
  }

  /** The app has one stream: the page gets another one only if it gave the first one back. */
  @Test
  void shouldEndTheStreamOfAnEventThatItCannotShow() throws Exception {
    Map<String, String> settings = Map.of("undercurrent.live.streams", "1");
    try (ServedApp app = app(0, KeyEncoding.TEXT, LetterModel.of(1), settings).start()) {
      navigate(
          app,
          new Browser.NewPageOptions(),
          """
          const parse = JSON.parse;
          JSON.parse = text => {
            JSON.parse = parse;
            throw new Error("broken event");
          };
          """);
      assertThat(page.locator("#connection")).hasText("reconnecting");
      assertThat(page.locator("#connection")).hasText("live");
      assertThat(errors).anyMatch(error -> error.contains("broken event"));
    }
  }

  @Test
  void shouldShowThePageWhereTheBrowserForbidsStorage() throws Exception {
    Path file = Files.writeString(state.resolve("token"), "0123456789abcdef");
    Map<String, String> settings = Map.of("undercurrent.http.token.file", file.toString());
    try (ServedApp app = app(0, KeyEncoding.TEXT, LetterModel.of(1), settings).start()) {
      navigate(
          app,
          new Browser.NewPageOptions(),
          """
          Object.defineProperty(window, "sessionStorage", {
            get() { throw new DOMException("forbidden", "SecurityError"); }
          });
          """);
      assertThat(page.locator("#connection")).hasText("needs a token");
      page.locator("#token").fill("0123456789abcdef");
      page.locator("#door button").click();
      assertThat(page.locator("#connection")).hasText("live");
    }
  }

  @Test
  void shouldSayWhyItGetsNoStream() throws Exception {
    try (ServedApp app = app(0).start()) {
      open(app, new Browser.NewPageOptions());
      AtomicInteger status = new AtomicInteger(503);
      page.route(
          "**/v1/live", route -> route.fulfill(new Route.FulfillOptions().setStatus(status.get())));
      page.reload();
      assertThat(page.locator("#connection")).hasText("too many pages are open, trying again");
      status.set(403);
      assertThat(page.locator("#connection")).hasText("refused (403), trying again");
    }
  }

  /** The feed tells the page that records were left out, but not which. */
  @Test
  void shouldReadItsConversationAgainWhenRecordsWereLeftOut() throws Exception {
    try (ServedApp app = app(0).start()) {
      open(app, new Browser.NewPageOptions());
      app.send("alpha", "a");
      row("alpha").click();
      assertThat(records()).hasCount(1);

      AtomicInteger leftOut = new AtomicInteger();
      page.route(
          "**/v1/live",
          route ->
              route.fulfill(
                  new Route.FulfillOptions()
                      .setContentType("text/event-stream")
                      .setBody(feedThatTellsOf(leftOut.get()))));
      page.reload();
      assertThat(records()).hasCount(1);
      app.send("alpha", "b", "c");
      app.await("/v1/keys/alpha/trace", json -> json.path("records").size() == 3);
      assertThat(records()).hasCount(1);
      leftOut.set(2);
      assertThat(records()).hasCount(3);
    }
  }

  private static String feedThatTellsOf(int leftOut) {
    return """
    retry: 100
    event: hello
    data: {"returning": true, "model": {"name": "m", "fingerprint": "f"}, "input": false}

    event: status
    data: {"records": 1, "conversations": 1, "perSecond": 0, "leftOut": %d, "lag": 0, "state": "RUNNING"}

    """
        .formatted(leftOut);
  }

  @Test
  void shouldLimitWhatThePageKeeps() throws Exception {
    try (ServedApp app = app(0).start()) {
      open(app, new Browser.NewPageOptions());
      app.send("busy", "a");
      row("busy").click();
      assertThat(records()).hasCount(1);
      String[] some = new String[100];
      Arrays.fill(some, "a b c");
      for (int key = 0; key < 51; key++) {
        app.send("key" + key, some);
        app.send("few" + key, "d"); // more conversations than the page keeps
      }
      awaitTotal("5,152"); // 1 + 51 * 101
      // More records wait than the page keeps. The feed still keeps the busy key's among its 5,000,
      // in any order of the partitions.
      for (int key = 0; key < 12; key++) {
        app.send("before" + key, some);
      }
      app.send("busy", some);
      for (int key = 0; key < 35; key++) {
        app.send("after" + key, some);
      }
      app.send("after", Arrays.copyOf(some, 47));
      awaitTotal("9,999");
      app.send("last", "e");
      assertThat(page.locator("#records")).hasText("10,000");
      assertThat(row("last")).isVisible();
      // Records that arrive faster than the page shows them are left out, possibly whole
      // conversations.
      assertThat(page.locator("#list li").count()).isBetween(2, 100);
      assertThat(records()).hasCount(60);
      assertThat(page.locator("#mood")).containsText("after 101 records");
      assertThat((int) page.evaluate("document.querySelectorAll('*').length")).isLessThan(6_000);
      assertNothingFromElsewhere(app);
    }
  }

  private void awaitTotal(String records) {
    assertThat(page.locator("#records"))
        .hasText(records, new LocatorAssertions.HasTextOptions().setTimeout(400_000));
  }

  private void assertNothingFromElsewhere(ServedApp app) {
    assertThat(asked).isNotEmpty().allMatch(url -> url.startsWith(app.address() + "/"));
    assertThat(errors).isEmpty();
  }
}
