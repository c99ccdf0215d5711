package io.undercurrent.serve;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Properties;

/** The live page's files, all from the class path: the charts' library is a WebJar. */
final class PageFiles {

  private static final String SCRIPT = "text/javascript; charset=utf-8";
  private static final String STYLE = "text/css; charset=utf-8";

  /** Nothing is loaded from elsewhere, and no text of a record can run. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
          + " img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final Map<String, String> FILES =
      Map.of(
          "/page/page.css", STYLE,
          "/page/page.js", SCRIPT,
          "/page/conversations.js", SCRIPT,
          "/page/opened.js", SCRIPT,
          "/page/charts.js", SCRIPT,
          "/page/format.js", SCRIPT,
          "/page/icon.svg", "image/svg+xml");

  private PageFiles() {}

  static void add(RoutesConfig routes) {
    routes.get("/", ctx -> send(ctx, "page/index.html", "text/html; charset=utf-8"));
    FILES.forEach((path, type) -> routes.get(path, ctx -> send(ctx, path.substring(1), type)));
    String uplot = uplot();
    routes.get("/page/uplot.js", ctx -> send(ctx, uplot + "uPlot.esm.js", SCRIPT));
    routes.get("/page/uplot.css", ctx -> send(ctx, uplot + "uPlot.min.css", STYLE));
  }

  private static void send(Context ctx, String resource, String type) throws IOException {
    ctx.header("Content-Security-Policy", POLICY)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header("Cache-Control", "no-cache")
        .contentType(type);
    try (InputStream in = PageFiles.class.getResourceAsStream(resource)) {
      ctx.result(in.readAllBytes());
    }
  }

  /** Where the WebJar has its files; the version is in the path. */
  private static String uplot() {
    Properties maven = new Properties();
    try (InputStream in =
        PageFiles.class.getResourceAsStream(
            "/META-INF/maven/org.webjars.npm/uplot/pom.properties")) {
      maven.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return "/META-INF/resources/webjars/uplot/" + maven.getProperty("version") + "/dist/";
  }
}
