package io.undercurrent.serve;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Answers requests that Jetty refuses before they reach a route, such as one that is not HTTP. */
final class JettyErrors extends ErrorHandler {

  private static final int RETRY_SECONDS = 1;

  private final int maxHeadBytes;

  JettyErrors(int maxHeadBytes) {
    this.maxHeadBytes = maxHeadBytes;
  }

  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }

  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int status,
      String message,
      Throwable cause,
      Callback callback) {
    AnswerHeaders.addTo(response);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE);
    if (status == HttpStatus.SERVICE_UNAVAILABLE_503) {
      response.getHeaders().put(HttpHeader.RETRY_AFTER, RETRY_SECONDS);
    }
    String detail = detail(status, message, cause);
    response.write(true, ByteBuffer.wrap(Problem.json(status, detail)), callback);
  }

  private String detail(int status, String message, Throwable cause) {
    return switch (status) {
      case HttpStatus.URI_TOO_LONG_414, HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431 ->
          "the request line and the headers must have at most %d bytes, found more"
              .formatted(maxHeadBytes);
      case HttpStatus.BAD_REQUEST_400 -> "the request is malformed: " + reason(cause);
      default -> cause == null ? message : HttpStatus.getMessage(status);
    };
  }

  private static String reason(Throwable cause) {
    return cause instanceof HttpException refusal && refusal.getReason() != null
        ? refusal.getReason()
        : "it is not HTTP";
  }
}
