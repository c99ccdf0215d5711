/**
 * Text to token ids and back: the first step of the flow, the same code wherever a record is read
 * (the topology, {@code enrich}, evaluation, training).
 *
 * <p>{@link io.undercurrent.text.WordTokenizer} reads a text once from left to right. A cursor
 * finds the raw tokens (words, numbers, emoticons, emoji, links, ...), words are split the way the
 * Penn Treebank splits them (do n't), and each piece becomes an id of the vocabulary, or the class
 * of unknown word it belongs to. A token never depends on text to the right of its own group, so a
 * text that a limit cuts short reads exactly like the part that was kept.
 *
 * <p>{@link io.undercurrent.text.ByteTokenizer} takes a text's bytes for what has no words. {@link
 * io.undercurrent.text.TokenDecoder} puts the tokens of either together to text again.
 *
 * <p>{@link io.undercurrent.text.VocabularyBuilder} chooses the vocabulary from training texts:
 * frequent words that several authors use, and no personal names.
 *
 * <p>Which character is a letter and what its lower case is comes from {@code characters.txt},
 * frozen from the Unicode 13 data of JDK 17, never from the running JDK: the same text gives the
 * same ids on every JDK.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.text;
