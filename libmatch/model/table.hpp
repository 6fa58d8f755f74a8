// The only interchange between the library and the world of files and frames: named columns of text
// or numbers.
//
// A text column has the layout of Arrow's large strings (offsets and bytes), so frames convert by a
// block copy. Missing text is the empty string; a missing number is NaN.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace libmatch {

class TextColumn {
  public:
    TextColumn() = default;
    TextColumn(std::vector<std::int64_t> offsets, std::string bytes)
        : offsets_(std::move(offsets)), bytes_(std::move(bytes)) {
        if (offsets_.empty()) offsets_.push_back(0);
    }

    [[nodiscard]] std::size_t size() const { return offsets_.size() - 1; }
    [[nodiscard]] std::string_view operator[](std::size_t row) const {
        const auto begin = static_cast<std::size_t>(offsets_[row]);
        return std::string_view(bytes_).substr(begin,
                                               static_cast<std::size_t>(offsets_[row + 1]) - begin);
    }
    void push_back(std::string_view text) {
        bytes_ += text;
        offsets_.push_back(static_cast<std::int64_t>(bytes_.size()));
    }
    [[nodiscard]] const std::vector<std::int64_t>& offsets() const { return offsets_; }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }

  private:
    std::vector<std::int64_t> offsets_{0};
    std::string bytes_;
};

/// What the numbers of a column mean to a reader; the storage is double for all of them.
enum class NumberKind { real, integer, boolean, date };  // date: days since 1970-01-01

struct NumberColumn {
    std::vector<double> values;
    NumberKind kind = NumberKind::real;
};

using Column = std::variant<TextColumn, NumberColumn>;

[[nodiscard]] inline std::size_t size(const Column& column) {
    if (const auto* text = std::get_if<TextColumn>(&column)) return text->size();
    return std::get<NumberColumn>(column).values.size();
}

/// Columns in a fixed order. All columns have the same number of rows.
class Table {
  public:
    void add(std::string name, Column column) {
        columns_.emplace_back(std::move(name), std::move(column));
    }
    [[nodiscard]] const Column* find(std::string_view name) const {
        for (const auto& [key, column] : columns_) {
            if (key == name) return &column;
        }
        return nullptr;
    }
    [[nodiscard]] const TextColumn* text(std::string_view name) const {
        const Column* c = find(name);
        return c ? std::get_if<TextColumn>(c) : nullptr;
    }
    [[nodiscard]] const NumberColumn* number(std::string_view name) const {
        const Column* c = find(name);
        return c ? std::get_if<NumberColumn>(c) : nullptr;
    }
    [[nodiscard]] std::size_t rows() const {
        return columns_.empty() ? 0 : size(columns_[0].second);
    }
    [[nodiscard]] const std::vector<std::pair<std::string, Column>>& columns() const {
        return columns_;
    }

  private:
    std::vector<std::pair<std::string, Column>> columns_;
};

using Tables = std::map<std::string, Table, std::less<>>;

}  // namespace libmatch
