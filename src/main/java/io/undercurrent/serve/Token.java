package io.undercurrent.serve;

import io.undercurrent.config.SettingsException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The secret that requests must carry as a bearer token (RFC 6750). While it is changed there are
 * two: either is accepted, the first is sent. Immutable.
 */
final class Token {

  /** Name of the environment variable that may hold the token. */
  static final String ENVIRONMENT = "UNDERCURRENT_HTTP_TOKEN";

  private static final String BEARER = "Bearer ";

  /** What RFC 6750 allows, and long enough not to be guessed. */
  private static final Pattern FORM = Pattern.compile("(?=.{16,1024}$)[A-Za-z0-9._~+/-]+=*");

  private final List<byte[]> secrets; // one or two

  private Token(List<String> secrets) {
    this.secrets =
        secrets.stream().map(secret -> secret.getBytes(StandardCharsets.US_ASCII)).toList();
  }

  /**
   * Reads the token from its file or takes that of the environment. A second line may have a second
   * token.
   *
   * @param file the value of undercurrent.http.token.file; empty for none
   * @param environment the value of the variable {@value #ENVIRONMENT}; null for none
   * @return null if there is no token
   * @throws SettingsException if both have one, or it is not a token
   */
  static Token of(String file, String environment) {
    boolean inEnvironment = environment != null && !environment.isEmpty();
    if (file.isEmpty()) {
      return inEnvironment ? checked(environment, ENVIRONMENT) : null;
    }
    if (inEnvironment) {
      throw new SettingsException(
          "the token must be given once, found undercurrent.http.token.file and the variable "
              + ENVIRONMENT);
    }
    try {
      return checked(
          Files.readString(Path.of(file), StandardCharsets.ISO_8859_1),
          "undercurrent.http.token.file " + file);
    } catch (IOException e) {
      throw new SettingsException(
          "undercurrent.http.token.file must be a file with a token, found none that can be read: "
              + e);
    }
  }

  private static Token checked(String text, String where) {
    List<String> secrets = text.strip().lines().map(String::strip).toList();
    if (secrets.size() > 2) {
      throw new SettingsException(
          "%s must contain a token, or two while it is changed, one in each line, found %d lines"
              .formatted(where, secrets.size()));
    }
    if (secrets.isEmpty()) {
      check("", where);
    }
    secrets.forEach(secret -> check(secret, where));
    return new Token(secrets);
  }

  private static void check(String secret, String where) {
    if (!FORM.matcher(secret).matches()) {
      throw new SettingsException(
          "%s must contain 16 to 1024 letters, digits or -._~+/, found %s: make a token with: openssl rand -hex 32"
              .formatted(
                  where,
                  secret.length() < 16 || secret.length() > 1024
                      ? secret.length() + " chars"
                      : "other characters"));
    }
  }

  /** Whether the header is this token. Takes the same time however much of it is right. */
  boolean equalsHeader(String authorization) {
    if (authorization == null
        || !authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return false;
    }
    byte[] found =
        authorization.substring(BEARER.length()).strip().getBytes(StandardCharsets.UTF_8);
    boolean equal = false;
    for (byte[] secret : secrets) {
      equal |= MessageDigest.isEqual(secret, found);
    }
    return equal;
  }

  /** The value of the header Authorization. */
  String header() {
    return BEARER + new String(secrets.get(0), StandardCharsets.US_ASCII);
  }
}
