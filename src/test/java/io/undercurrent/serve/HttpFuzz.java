package io.undercurrent.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.LetterModel;
import io.undercurrent.app.EnrichedTopic;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.query.internals.ConversationTrace;
import io.undercurrent.query.internals.OnDemand;
import io.undercurrent.query.internals.StreamsQueries;
import io.undercurrent.query.internals.StreamsQueries.Host;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Any bytes over a connection to all routes of an instance that is not running. The answer is never
 * that the instance failed.
 */
public final class HttpFuzz implements FuzzTarget {

  private static final int TIMEOUT_MS = 30_000; // less than the fuzzer's
  private static final int STATUS_LINE_BYTES = 64;
  private static final Pattern STATUS =
      Pattern.compile("HTTP/1\\.[01] (\\d{3}) ?.*", Pattern.DOTALL);

  private final HttpEndpoint http;

  /** Starts the endpoint on a free port of the loopback address. */
  public HttpFuzz() {
    Model model = LetterModel.of(1);
    EnrichmentSettings settings = EnrichmentSettings.DEFAULTS;
    TopologyDefinition definition = TopologyDefinition.shipped();
    StreamsQueries queries =
        new StreamsQueries(
            () -> null, Host.of(Host.unreachable("nowhere")), model, settings, () -> 1, false);
    LiveFeed feed = new LiveFeed((lookBack, listener) -> empty(), definition.keyEncoding());
    http =
        HttpEndpoint.start(
            HttpEndpointTest.on("127.0.0.1", 0),
            () -> "",
            () -> true,
            Optional::empty,
            new QueryRoutes(
                queries,
                () -> new OnDemand(model, settings),
                definition,
                "",
                feed,
                new Forwarding(null, null),
                Shown.EVERYTHING),
            new LiveRoutes(
                feed,
                1,
                queries,
                definition,
                new ModelIdentity("m", "0"),
                () -> new ConversationTrace(model, settings),
                null,
                Shown.EVERYTHING));
  }

  private static EnrichedTopic empty() {
    return new EnrichedTopic() {
      @Override
      public boolean caughtUp() {
        return true;
      }

      @Override
      public void close() {
        // nothing is open
      }
    };
  }

  @Override
  public void read(byte[] input) throws IOException {
    String line = statusLine(input);
    if (!line.isEmpty()) {
      Matcher status = STATUS.matcher(line);
      assertThat(status.matches()).as(line).isTrue();
      int code = Integer.parseInt(status.group(1));
      // 501 and 505: a method or version that the server does not know; 503: not running
      assertThat(code < 500 || List.of(501, 503, 505).contains(code)).as(line).isTrue();
    }
  }

  /** The start of the answer; empty if the server closes the connection without one. */
  private String statusLine(byte[] request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
      socket.setSoTimeout(TIMEOUT_MS);
      socket.setSoLinger(true, 0); // leaves no closed connection behind
      try {
        socket.getOutputStream().write(request);
        socket.shutdownOutput();
        InputStream in = socket.getInputStream();
        return new String(in.readNBytes(STATUS_LINE_BYTES), StandardCharsets.ISO_8859_1);
      } catch (SocketException e) {
        return ""; // reset, because the server has read enough
      }
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
