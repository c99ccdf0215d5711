package io.undercurrent.serve;

import io.undercurrent.config.SettingsException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.regex.Pattern;

/** The secret that requests must carry as a bearer token (RFC 6750). Immutable. */
final class Token {

  /** Name of the environment variable that may hold the token. */
  static final String ENVIRONMENT = "UNDERCURRENT_HTTP_TOKEN";

  private static final String BEARER = "Bearer ";

  /** What RFC 6750 allows, and long enough not to be guessed. */
  private static final Pattern FORM = Pattern.compile("(?=.{16,1024}$)[A-Za-z0-9._~+/-]+=*");

  private final byte[] secret;

  private Token(String secret) {
    this.secret = secret.getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Reads the token from its file or takes that of the environment.
   *
   * @param file the value of undercurrent.http.token.file; empty for none
   * @param environment the value of the variable {@value #ENVIRONMENT}; null for none
   * @return null if there is no token
   * @throws SettingsException if there are two, or it is not a token
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
    String secret = text.strip();
    if (!FORM.matcher(secret).matches()) {
      throw new SettingsException(
          "%s must contain 16 to 1024 letters, digits or -._~+/, found %s: make a token with: openssl rand -hex 32"
              .formatted(
                  where,
                  secret.length() < 16 || secret.length() > 1024
                      ? secret.length() + " chars"
                      : "others"));
    }
    return new Token(secret);
  }

  /** Whether the header is this token. Takes the same time however much of it is right. */
  boolean equalsHeader(String authorization) {
    return authorization != null
        && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        && MessageDigest.isEqual(
            secret,
            authorization.substring(BEARER.length()).strip().getBytes(StandardCharsets.UTF_8));
  }

  /** The value of the header Authorization. */
  String header() {
    return BEARER + new String(secret, StandardCharsets.US_ASCII);
  }
}
