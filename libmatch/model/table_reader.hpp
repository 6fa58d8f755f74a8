// Reads the columns of one table with checks, and collects every fault instead of stopping at the
// first.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <libmatch/core/error.hpp>
#include <libmatch/model/table.hpp>

namespace libmatch {

/// A number as a person would write it.
[[nodiscard]] inline std::string number_text(double x) {
    if (std::isfinite(x) && x == std::floor(x) && std::fabs(x) < 1e15) {
        return std::to_string(static_cast<std::int64_t>(x));
    }
    std::ostringstream out;
    out << x;
    return out.str();
}

/// The non-empty items of a list cell: "fr; en" gives "fr", "en".
[[nodiscard]] inline std::vector<std::string_view> list_items(std::string_view cell) {
    std::vector<std::string_view> items;
    while (!cell.empty()) {
        const std::size_t end = std::min(cell.find(';'), cell.size());
        std::string_view item = cell.substr(0, end);
        while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
        while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
        if (!item.empty()) items.push_back(item);
        cell.remove_prefix(std::min(end + 1, cell.size()));
    }
    return items;
}

class TableReader {
  public:
    struct Range {
        double low = -HUGE_VAL;
        double high = HUGE_VAL;
        bool whole = false;
    };

    /// `given`: where each row stood in the table that the user gave; empty = where it stands.
    /// Faults name the user's rows.
    TableReader(const Tables& tables, std::string name, std::vector<Fault>& faults,
                std::span<const std::uint32_t> given = {})
        : name_(std::move(name)), faults_(&faults), given_(given) {
        const auto found = tables.find(name_);
        if (found == tables.end()) return;
        table_ = &found->second;
        for (const auto& [column, data] : table_->columns()) {
            if (libmatch::size(data) != table_->rows()) {
                fault(std::int64_t{-1}, column, std::to_string(libmatch::size(data)) + " rows",
                      "the column's length differs from the table's " +
                          std::to_string(table_->rows()),
                      "give every column the same number of rows");
                broken_ = true;
            }
        }
    }

    [[nodiscard]] bool present() const { return table_ != nullptr; }
    [[nodiscard]] std::size_t rows() const { return table_ && !broken_ ? table_->rows() : 0; }
    [[nodiscard]] bool has(std::string_view column) const {
        return table_ != nullptr && table_->find(column) != nullptr;
    }
    [[nodiscard]] const Table* table() const { return table_; }

    void fault(std::int64_t row, std::string_view column, std::string_view value,
               std::string problem, std::string remedy,
               Fault::Severity severity = Fault::Severity::error) {
        faults_->push_back({severity, name_, row < 0 ? row : given_row(row), std::string(column),
                            std::string(value), std::move(problem), std::move(remedy)});
    }
    /// A row as the user counts it.
    [[nodiscard]] std::int64_t given_row(std::int64_t row) const {
        return given_.empty() ? row : given_[static_cast<std::size_t>(row)];
    }
    void fault(std::size_t row, std::string_view column, std::string_view value,
               std::string problem, std::string remedy) {
        fault(static_cast<std::int64_t>(row), column, value, std::move(problem), std::move(remedy));
    }

    /// The text column, or null when absent or of the wrong type (a fault).
    const TextColumn* text(std::string_view column) {
        if (rows() == 0) return nullptr;
        const Column* c = table_->find(column);
        if (c == nullptr) return nullptr;
        const auto* t = std::get_if<TextColumn>(c);
        if (t == nullptr) {
            fault(std::int64_t{-1}, column, "", "the column holds numbers, text is expected",
                  "convert the column to text");
        }
        return t;
    }
    const TextColumn* required_text(std::string_view column) {
        require(column);
        const TextColumn* t = text(column);
        for (std::size_t r = 0; t != nullptr && r < rows(); ++r) {
            if ((*t)[r].empty()) fault(r, column, "", "the value is missing", "fill it in");
        }
        return t;
    }

    /// The numbers of a column, checked; missing ones become `otherwise`. An absent column is all
    /// `otherwise`.
    std::vector<double> numbers(std::string_view column, double otherwise, Range range) {
        std::vector<double> out(rows(), otherwise);
        if (rows() == 0) return out;
        const Column* c = table_->find(column);
        if (c == nullptr) return out;
        const auto* values = std::get_if<NumberColumn>(c);
        if (values == nullptr) {
            // A column of missing values only often arrives as text.
            const auto& t = std::get<TextColumn>(*c);
            for (std::size_t r = 0; r < rows(); ++r) {
                if (t[r].empty()) continue;
                fault(r, column, t[r], "a number is expected",
                      "write a number, without unit or blanks");
            }
            return out;
        }
        for (std::size_t r = 0; r < rows(); ++r) {
            const double x = values->values[r];
            if (std::isnan(x)) continue;
            if (!std::isfinite(x) || x < range.low || x > range.high ||
                (range.whole && x != std::floor(x))) {
                fault(r, column, number_text(x),
                      std::string(range.whole ? "a whole number" : "a finite number") + " from " +
                          bound_text(range.low) + " to " + bound_text(range.high) + " is expected",
                      "correct the value or leave it empty for the default");
                continue;
            }
            out[r] = x;
        }
        return out;
    }
    std::vector<double> required_numbers(std::string_view column, Range range) {
        require(column);
        auto out = numbers(column, std::nan(""), range);
        const NumberColumn* given = table_ != nullptr ? table_->number(column) : nullptr;
        for (std::size_t r = 0; r < out.size(); ++r) {
            if (!std::isnan(out[r])) continue;
            if (given != nullptr && std::isnan(given->values[r])) {
                fault(r, column, "", "the value is missing", "fill it in");
            }
            out[r] = std::max(range.low, 0.0);
        }
        return out;
    }
    template <class T>
    std::vector<T> whole(std::string_view column, T otherwise, double low, double high) {
        const auto values = numbers(column, static_cast<double>(otherwise), {low, high, true});
        std::vector<T> out(values.size());
        std::transform(values.begin(), values.end(), out.begin(),
                       [](double x) { return static_cast<T>(x); });
        return out;
    }

    void require(std::string_view column) {
        if (rows() > 0 && !has(column)) {
            fault(std::int64_t{-1}, column, "", "the column is missing", "add it to the table");
        }
    }

  private:
    static std::string bound_text(double x) {
        if (x == HUGE_VAL) return "infinity";
        if (x == -HUGE_VAL) return "minus infinity";
        return number_text(x);
    }
    std::string name_;
    std::vector<Fault>* faults_;
    std::span<const std::uint32_t> given_;
    const Table* table_ = nullptr;
    bool broken_ = false;
};

}  // namespace libmatch
