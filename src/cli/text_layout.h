#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hotline::cli {

/// The width of help texts.
inline constexpr std::size_t kPageColumns = 90;

/// A term and what it means.
struct Definition {
  std::string term;
  std::string text;
};

/// Returns `text` in lines of at most `columns` columns. An empty line separates paragraphs. A line
/// that begins with a blank is kept as it is. A word longer than a line gets a line of its own.
/// Each line ends in a newline.
std::string fill(std::string_view text, std::size_t columns = kPageColumns);

/// Returns the definitions in two columns, the terms indented by two blanks, the texts filled. A
/// term that is very long has its text on the next line.
std::string two_columns(const std::vector<Definition>& definitions,
                        std::size_t columns = kPageColumns);

/// Returns `rows` in aligned columns with two blanks between them. Each row has a cell for each
/// column; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows);

/// Returns the paragraphs of `text`, separated there by empty lines. Each line of a paragraph ends
/// in a newline.
std::vector<std::string> paragraphs_of(std::string_view text);

}  // namespace hotline::cli
