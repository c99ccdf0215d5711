package io.undercurrent.app;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.IllegalSaslStateException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.UnsupportedSaslMechanismException;

/**
 * Why a broker and this client do not accept each other. Kafka calls all of it an authentication
 * failure, whether the certificate, its authority, its name or a password is wrong.
 *
 * @param found what is wrong
 * @param remedy what to do
 */
public record LoginFailure(String found, String remedy) {

  /** Explains a failure. */
  public static LoginFailure of(AuthenticationException failure) {
    Deque<Throwable> fromRoot = new ArrayDeque<>(); // the root says most
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      fromRoot.push(cause);
    }
    for (Throwable cause : fromRoot) {
      LoginFailure known = known(cause);
      if (known != null) {
        return known;
      }
    }
    String message = String.valueOf(failure.getMessage());
    return new LoginFailure(
        "the TLS handshake failed: " + root(failure),
        message.contains("certificate") || root(failure).contains("certificate")
            ? "if the broker wants a certificate of its clients, set ssl.keystore.location; see"
                + " also ssl.truststore.location"
            : "see ssl.* in the settings, and the broker's log");
  }

  private static LoginFailure known(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    if (cause instanceof CertificateExpiredException) {
      return new LoginFailure(
          "the broker's certificate has expired (%s)".formatted(message),
          "renew it at the broker; if it is new, set this machine's clock");
    }
    if (cause instanceof CertificateNotYetValidException) {
      return new LoginFailure(
          "the broker's certificate is not valid yet (%s)".formatted(message),
          "set the clock of this machine or of the one that made the certificate");
    }
    if (cause instanceof CertPathBuilderException || cause instanceof CertPathValidatorException) {
      return new LoginFailure(
          "the broker's certificate is from an authority that is not trusted here",
          "set ssl.truststore.location to a store with the authority's certificate, or"
              + " ssl.truststore.type=PEM and ssl.truststore.location to a PEM file with it");
    }
    if (cause instanceof CertificateException && message.startsWith("No ")) {
      return new LoginFailure(
          "the broker's certificate is for another host name (%s)".formatted(message),
          "set bootstrap.servers, and the broker's advertised.listeners, to a name that is in the"
              + " certificate, or have the name added to it");
    }
    if (cause instanceof UnsupportedSaslMechanismException
        || cause instanceof IllegalSaslStateException) {
      return new LoginFailure(
          "the broker does not offer this kind of login: " + message,
          "set sasl.mechanism and security.protocol to what the broker offers");
    }
    if (cause instanceof SaslAuthenticationException) {
      return new LoginFailure(
          "the broker does not accept user and password: " + message,
          "correct them in sasl.jaas.config, or add the user to the cluster");
    }
    return null;
  }

  private static String root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse(root.toString());
  }
}
