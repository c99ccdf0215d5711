package io.undercurrent.serve;

import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Decides which requests are answered. Health is always answered. A request that names a second
 * method in a header is malformed.
 *
 * <ul>
 *   <li>If there is no token, the Host header must be a name of this instance. This stops a web
 *       page whose owner points its host name at this address (DNS rebinding). An IP address is
 *       always accepted: such a page has a name.
 *   <li>A request with an Origin must come from a page of this instance.
 *   <li>If there is a token, the request must carry it. A page that is served elsewhere has none.
 *       The files of our own page are for everybody: they contain no data, and the page itself asks
 *       for the token.
 * </ul>
 *
 * <p>Immutable.
 */
final class Door {

  /** Paths below this one are answered to everybody. */
  static final String HEALTH = "/health/";

  static final String AUTHORIZATION = "Authorization";

  /** Javalin would take the method from this header. */
  private static final String METHOD_OVERRIDE = "X-HTTP-Method-Override";

  private static final String LOOPBACK = "localhost";

  /** Host, perhaps with the dot of a full name, and port. */
  private static final Pattern AUTHORITY =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[^:/\\[\\]]+?)\\.?(:[0-9]{1,5})?");

  /** No name looks like this: its last part would be a number. */
  private static final Pattern IP = Pattern.compile("[0-9.]*[0-9]|\\[.*]");

  private static final Pattern SCHEME = Pattern.compile("https?://");

  private final Set<String> names = new HashSet<>(Set.of(LOOPBACK));
  private final Set<String> further = new HashSet<>();
  private final Token token; // null for none

  /**
   * @param own names of this instance, without ports
   * @param further names that a proxy has, for example; pages of these names may ask
   * @param token null to answer without one
   */
  Door(Collection<String> own, Collection<String> further, Token token) {
    own.forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
    further.forEach(name -> this.further.add(name.toLowerCase(Locale.ROOT)));
    names.addAll(this.further);
    this.token = token;
  }

  /** The same without a token. */
  Door unlocked() {
    return new Door(names, further, null);
  }

  /**
   * @throws Problem if the request is refused
   */
  void check(Context ctx) {
    if (ctx.header(METHOD_OVERRIDE) != null) {
      throw Problem.badRequest(
          "the method must be that of the request line, found a header " + METHOD_OVERRIDE);
    }
    if (ctx.path().startsWith(HEALTH)) {
      return;
    }
    if (token == null) {
      checkHost(ctx);
    }
    checkOrigin(ctx);
    checkToken(ctx);
  }

  private void checkHost(Context ctx) {
    String header = ctx.header("Host");
    String host = hostOf(header);
    if (!names.contains(host) && !IP.matcher(host).matches()) {
      throw new Problem(
          HttpStatus.FORBIDDEN,
          "the Host header must be a name of this instance, found %s: add it to undercurrent.http.allowed.hosts if it is one"
              .formatted(found(header, host)));
    }
  }

  private static String found(String header, String host) {
    if (header == null || header.isEmpty()) {
      return "none";
    }
    return Parameters.shortened(host.isEmpty() ? header : host);
  }

  private void checkOrigin(Context ctx) {
    String origin = ctx.header("Origin");
    if (origin == null) {
      return;
    }
    String authority = SCHEME.matcher(origin).replaceFirst("");
    if (!authority.equalsIgnoreCase(ctx.header("Host")) && !further.contains(hostOf(authority))) {
      throw new Problem(
          HttpStatus.FORBIDDEN,
          "a page may ask only the host that it came from, found Origin %s: add its name to undercurrent.http.allowed.hosts if a proxy changes the Host header"
              .formatted(Parameters.shortened(origin)));
    }
  }

  private void checkToken(Context ctx) {
    if (token == null || isOfThePage(ctx.path()) || token.equalsHeader(ctx.header(AUTHORIZATION))) {
      return;
    }
    ctx.header("WWW-Authenticate", "Bearer");
    throw new Problem(
        HttpStatus.UNAUTHORIZED,
        ctx.header(AUTHORIZATION) == null
            ? "a token is needed: send it as Authorization: Bearer ..."
            : "the token is not that of undercurrent.http.token.file");
  }

  /** Whether the path is that of a file of the page. */
  static boolean isOfThePage(String path) {
    return path.equals("/") || path.startsWith("/page/");
  }

  /** The host of {@code host:port} in lower case; empty if it is not of this form. */
  private static String hostOf(String authority) {
    Matcher matcher = AUTHORITY.matcher(authority == null ? "" : authority);
    return matcher.matches() ? matcher.group(1).toLowerCase(Locale.ROOT) : "";
  }
}
