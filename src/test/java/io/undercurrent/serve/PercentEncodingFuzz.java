package io.undercurrent.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import io.undercurrent.fuzz.OneLineMessage;
import io.undercurrent.text.Utf8;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** Any path or query, as it is forwarded to another instance. */
public final class PercentEncodingFuzz implements FuzzTarget {

  private static final Pattern ESCAPE = Pattern.compile("%[0-9a-fA-F]{2}");
  private static final Pattern UNRESERVED = Pattern.compile("[-._~!$&'()*+,;=:@/?a-zA-Z0-9]*");

  @Override
  public void read(byte[] input) {
    String raw = Utf8.withoutLoneSurrogates(new Input(input).text()); // as the server reads it
    String encoded = PercentEncoding.encode(raw);
    assertThat(ESCAPE.matcher(encoded).replaceAll("")).matches(UNRESERVED);
    assertThat(PercentEncoding.encode(encoded)).isEqualTo(encoded);
    assertThat(URI.create("http://localhost/p?" + encoded).getRawQuery()).isEqualTo(encoded);
    try {
      PercentEncoding.check("query", raw);
    } catch (Problem e) {
      OneLineMessage.check(e);
      return;
    }
    PercentEncoding.check("query", encoded);
    assertThat(decoded(encoded)).isEqualTo(decoded(raw));
  }

  private static String decoded(String raw) {
    return URLDecoder.decode(raw, StandardCharsets.UTF_8);
  }
}
