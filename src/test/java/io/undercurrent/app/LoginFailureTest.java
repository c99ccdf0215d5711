package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.junit.jupiter.api.Test;

/** The chains of causes are those that Kafka and the JDK make. */
class LoginFailureTest {

  private static LoginFailure ofHandshake(Exception cause) {
    SSLHandshakeException handshake = new SSLHandshakeException("handshake");
    handshake.initCause(cause);
    return LoginFailure.of(new SslAuthenticationException("SSL handshake failed", handshake));
  }

  /** The path's failure is the cause of the handshake's, and the date that of the path's. */
  @Test
  void shouldTellADateFromAnAuthority() {
    assertThat(
            ofHandshake(
                    new CertPathValidatorException(
                        "validity check failed",
                        new CertificateExpiredException("NotAfter: yesterday")))
                .found())
        .isEqualTo("the broker's certificate has expired (NotAfter: yesterday)");
    assertThat(ofHandshake(new CertificateNotYetValidException("NotBefore: tomorrow")).found())
        .isEqualTo("the broker's certificate is not valid yet (NotBefore: tomorrow)");
    assertThat(ofHandshake(new CertPathValidatorException("signature check failed")).found())
        .contains("an authority that is not trusted here");
  }

  @Test
  void shouldTellTheHandshakeFromThePassword() {
    assertThat(ofHandshake(null).found()).isEqualTo("the TLS handshake failed: handshake");
    assertThat(LoginFailure.of(new SaslAuthenticationException("invalid credentials")).found())
        .isEqualTo("the broker does not accept user and password: invalid credentials");
    assertThat(
            LoginFailure.of(
                    new SslAuthenticationException(
                        "Received fatal alert: bad_certificate", new SSLHandshakeException("x")))
                .remedy())
        .contains("ssl.keystore.location");
  }
}
