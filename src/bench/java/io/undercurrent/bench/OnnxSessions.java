package io.undercurrent.bench;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;

/** Sessions of ONNX Runtime, all with the same options. */
public final class OnnxSessions {

  private OnnxSessions() {}

  /** All optimisations, on the caller's thread. */
  public static OrtSession onOneThread(byte[] model) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      return OrtEnvironment.getEnvironment().createSession(model, options);
    }
  }
}
