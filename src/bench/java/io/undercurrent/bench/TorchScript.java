package io.undercurrent.bench;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript method, given as the text that {@code torch.jit.save} would write. PyTorch runs its
 * operators natively, without a call from Java for each. This is PyTorch's fastest way here: fused
 * LSTM, cross-entropy and optimiser, and one call from Java a step.
 *
 * <p>The archive (a ZIP without compression: code, a pickled module without attributes, no
 * constants) is what <a
 * href="https://github.com/pytorch/pytorch/blob/main/torch/csrc/jit/docs/serialization.md">PyTorch's
 * description</a> says. Not thread-safe.
 */
public final class TorchScript implements AutoCloseable {

  /** Pickle, protocol 2: a new {@code __torch__.Subject} whose {@code training} is false. */
  private static final String MODULE =
      "\u0080\u0002c__torch__\nSubject\n)\u0081}(X\b\0\0\0training\u0089ub.";

  /** Pickle, protocol 2: an empty tuple. */
  private static final String NO_CONSTANTS = "\u0080\u0002).";

  private final PtSymbolBlock block;

  /**
   * @param parameters of the method, for example {@code x: Tensor, w: List[Tensor]}
   * @param body its lines, each with its line end, indented by four blanks; returns a list of
   *     tensors
   */
  public TorchScript(NDManager manager, String parameters, String body) {
    String code =
        """
        class Subject(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def forward(self: __torch__.Subject, %s) -> List[Tensor]:
        %s"""
            .formatted(parameters, body);
    try {
      byte[] archive = archive(code);
      block =
          JniUtils.loadModule(
              (PtNDManager) manager, new ByteArrayInputStream(archive), false, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // run operators one by one, as in Python, so that nothing is compiled in the timed calls
    JniUtils.setGraphExecutorOptimize(false);
  }

  private static byte[] archive(String code) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      put(zip, "data.pkl", MODULE);
      put(zip, "code/__torch__.py", code);
      put(zip, "constants.pkl", NO_CONSTANTS);
      put(zip, "version", "3\n");
    }
    return bytes.toByteArray();
  }

  private static void put(ZipOutputStream zip, String name, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    CRC32 crc = new CRC32();
    crc.update(bytes);
    ZipEntry entry = new ZipEntry("subject/" + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }

  /**
   * Calls the method with autograd.
   *
   * @param inputs in the order of the parameters; the arrays of a {@code List[Tensor]} stand one
   *     after the other, each named {@code NAME[]} for the same NAME
   * @return what the method returned, owned by the first input's manager
   */
  public NDList withAutograd(NDList inputs) {
    return IValueUtils.forward(block, inputs, true);
  }

  /** Calls the method in inference mode. The caller must close the result. */
  IValue call(IValue... inputs) {
    return IValueUtils.runMethod(block, "forward", inputs);
  }

  @Override
  public void close() {
    block.close();
  }
}
