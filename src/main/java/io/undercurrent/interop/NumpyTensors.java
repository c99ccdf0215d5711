package io.undercurrent.interop;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads networks from NumPy arrays that have the names of a checkpoint's tensors, which are those
 * of PyTorch's {@code state_dict}. The arrays are in a {@code .npz} file, as {@code numpy.savez}
 * writes it, or in a folder of {@code .npy} files. A {@code config.json} beside the file, or in the
 * folder, gives the network's shape.
 */
public final class NumpyTensors {

  private static final String SUFFIX = ".npy";

  private NumpyTensors() {}

  /** Gives the arrays, one at a time. */
  private interface Arrays {

    /**
     * The content of an array's file.
     *
     * @throws ImportException if it has more than {@code limit} bytes
     */
    byte[] read(String fileName, int limit) throws IOException;
  }

  /**
   * Reads a network. One of the two heads may be missing.
   *
   * @param from a {@code .npz} file or a folder
   * @throws ImportException if an array is missing or surplus, or does not fit {@code config.json}
   * @throws io.undercurrent.checkpoint.CheckpointException if {@code config.json} is invalid
   * @throws IOException if a file cannot be read
   */
  public static ImportedNetwork read(Path from) throws IOException {
    if (Files.isDirectory(from)) {
      List<String> names;
      try (Stream<Path> files = Files.list(from)) {
        names = files.map(f -> f.getFileName().toString()).filter(n -> n.endsWith(SUFFIX)).toList();
      }
      return read(from, from, names, (name, limit) -> file(from.resolve(name), limit));
    }
    try (ZipEntries zip = new ZipEntries(from)) {
      return read(from, from.toAbsolutePath().getParent(), zip.names(), zip::read);
    }
  }

  private static byte[] file(Path file, int limit) throws IOException {
    if (Files.size(file) > limit) {
      throw new ImportException(
          file + ": must have at most " + limit + " bytes, found " + Files.size(file));
    }
    return Files.readAllBytes(file);
  }

  private static ImportedNetwork read(
      Path from, Path configFolder, List<String> fileNames, Arrays arrays) throws IOException {
    ModelConfig config = Checkpoint.readConfig(configFolder);
    Parameters parameters = ImportedNetwork.parameters(from.toString(), config);
    Set<String> found =
        fileNames.stream()
            .map(name -> name.endsWith(SUFFIX) ? name.substring(0, name.length() - 4) : name)
            .collect(Collectors.toCollection(TreeSet::new));
    List<Head> missing = missing(from, config, found);
    for (Tensor tensor : config.tensors()) {
      if (found.contains(tensor.name())) {
        long limit =
            Nd4jArrays.MAX_HEADER_BYTES + (long) tensor.size() * Nd4jArrays.MAX_VALUE_BYTES;
        byte[] bytes =
            arrays.read(tensor.name() + SUFFIX, (int) Math.min(Integer.MAX_VALUE - 16, limit));
        float[] values = Nd4jArrays.npy(from + ": " + tensor.name(), bytes, tensor.shape());
        System.arraycopy(
            values, 0, parameters.values(), parameters.offset(tensor.name()), values.length);
      }
    }
    return ImportedNetwork.of(from.getFileName().toString(), config, parameters, missing);
  }

  /** The missing heads. Checks that no other array is missing or surplus. */
  private static List<Head> missing(Path from, ModelConfig config, Set<String> found) {
    Set<String> expected =
        config.tensors().stream().map(Tensor::name).collect(Collectors.toCollection(TreeSet::new));
    Set<String> surplus = new TreeSet<>(found);
    surplus.removeAll(expected);
    if (!surplus.isEmpty()) {
      throw new ImportException(
          from + ": arrays must be named among " + expected + ", found also " + surplus);
    }
    List<Head> missing = new ArrayList<>();
    for (Head head : Head.values()) {
      Set<String> own =
          expected.stream().filter(name -> name.startsWith(head + ".")).collect(Collectors.toSet());
      if (own.stream().noneMatch(found::contains)) {
        missing.add(head);
        expected.removeAll(own);
      }
    }
    expected.removeAll(found);
    if (!expected.isEmpty()) {
      throw new ImportException(from + ": must have arrays " + expected + ", found " + found);
    }
    if (missing.size() == Head.values().length) {
      throw new ImportException(from + ": must have a sentiment or next_token head, found neither");
    }
    return missing;
  }
}
