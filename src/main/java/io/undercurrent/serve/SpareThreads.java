package io.undercurrent.serve;

import java.util.concurrent.Semaphore;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Keeps threads free for health, however many other requests there are and however long each holds
 * its thread. The page's files have a share of their own. Above the limit requests are refused with
 * 503.
 */
final class SpareThreads extends Handler.Wrapper {

  private final Semaphore others;
  private final Semaphore ofThePage;

  /**
   * @param others threads that other requests may hold at the same time
   * @param page threads that requests for the page's files may hold at the same time
   */
  SpareThreads(int others, int page) {
    this.others = new Semaphore(others);
    ofThePage = new Semaphore(page);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    String path = request.getHttpURI().getPath();
    if (path.startsWith(Door.HEALTH)) {
      return super.handle(request, response, callback);
    }
    Semaphore places = Door.isOfThePage(path) ? ofThePage : others;
    if (!places.tryAcquire()) {
      Response.writeError(
          request,
          response,
          callback,
          HttpStatus.SERVICE_UNAVAILABLE_503,
          "too many requests are being answered: try again in a moment");
      return true;
    }
    try {
      return super.handle(request, response, callback);
    } finally {
      places.release();
    }
  }
}
