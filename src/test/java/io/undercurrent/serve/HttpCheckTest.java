package io.undercurrent.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.app.checks.Finding;
import io.undercurrent.config.UndercurrentConfig;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HttpCheckTest {

  private static Finding look(String... settings) {
    return new HttpCheck(
            UndercurrentConfig.of(Map.of(settings[0], settings[1], settings[2], settings[3])))
        .look();
  }

  @Test
  void shouldNameAPortThatIsInUse() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(other.getLocalPort());
      for (Finding found :
          List.of(
              look("undercurrent.http.port", port, "undercurrent.http.management.port", "-1"),
              look("undercurrent.http.port", "-1", "undercurrent.http.management.port", port))) {
        assertThat(found.isFailure()).isTrue();
        assertThat(found.found()).startsWith("127.0.0.1:" + port + " cannot be bound: ");
      }
    }
  }

  @Test
  void shouldNameATokenThatCannotBeRead() {
    assertThat(look("undercurrent.http.port", "0", "undercurrent.http.token.file", "/none/token"))
        .matches(Finding::isFailure)
        .extracting(Finding::found)
        .asString()
        .startsWith("undercurrent.http.token.file must be a file with a token");
  }

  @Test
  void shouldAcceptWhatCanBeServed() {
    assertThat(look("undercurrent.http.port", "0", "undercurrent.http.management.port", "0"))
        .isEqualTo(new Finding("http", Finding.Result.OK, "127.0.0.1:0 can be bound", ""));
    assertThat(look("undercurrent.http.port", "-1", "undercurrent.http.management.port", "-1"))
        .isEqualTo(new Finding("http", Finding.Result.OK, "off", ""));
  }
}
