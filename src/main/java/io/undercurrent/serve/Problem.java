package io.undercurrent.serve;

import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A refused request, with the reason in one sentence for the client: problem details of RFC 9457,
 * {@code {"title": "Not Found", "status": 404, "detail": "..."}}.
 */
final class Problem extends RuntimeException {
  private static final long serialVersionUID = 1L;
  static final String CONTENT_TYPE = "application/problem+json";

  private static final Logger log = LoggerFactory.getLogger(Problem.class);

  private final int status;
  private final int retryAfterSeconds; // 0 for none

  private Problem(HttpStatus status, String detail, int retryAfterSeconds) {
    super(detail, null, false, false);
    this.status = status.getCode();
    this.retryAfterSeconds = retryAfterSeconds;
  }

  Problem(HttpStatus status, String detail) {
    this(status, detail, 0);
  }

  static Problem badRequest(String detail) {
    return new Problem(HttpStatus.BAD_REQUEST, detail);
  }

  static Problem notFound(String detail) {
    return new Problem(HttpStatus.NOT_FOUND, detail);
  }

  /** For a request from another instance: this instance does not have the key. */
  static Problem misdirected(String detail) {
    return new Problem(HttpStatus.MISDIRECTED_REQUEST, detail);
  }

  /** A passing condition: the client may try again after some seconds. */
  static Problem unavailable(String detail, int retryAfterSeconds) {
    return new Problem(HttpStatus.SERVICE_UNAVAILABLE, detail, retryAfterSeconds);
  }

  /**
   * Answers with this problem. It throws nothing, because Javalin would handle the exception of a
   * handler of exceptions with this handler, for ever. Jetty has nothing left of an asynchronous
   * request whose client has gone.
   */
  void answer(Context ctx) {
    try {
      if (retryAfterSeconds > 0) {
        ctx.header("Retry-After", Integer.toString(retryAfterSeconds));
      }
      ctx.status(status).contentType(CONTENT_TYPE).result(json(status, getMessage()));
    } catch (RuntimeException e) {
      log.debug("not answered: the client has gone: {}", e.toString());
    }
  }

  static byte[] json(int status, String detail) {
    return Answers.bytes(
        Answers.object()
            .put("title", HttpStatus.forStatus(status).getMessage())
            .put("status", status)
            .put("detail", detail));
  }
}
