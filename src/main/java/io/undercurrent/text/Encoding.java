package io.undercurrent.text;

/**
 * What a tokenizer made of one text. The array is the receiver's own; it is not copied.
 *
 * @param ids token ids in the order of the text, never null, without an end-of-record token
 * @param unknown how many of the ids are classes of unknown words
 * @param end chars of the text that were read: {@code text.substring(0, end)} alone gives the same
 *     ids; never inside a surrogate pair; the length of the text unless it was truncated
 * @param truncated whether a limit left text unread
 */
public record Encoding(int[] ids, int unknown, int end, boolean truncated) {}
