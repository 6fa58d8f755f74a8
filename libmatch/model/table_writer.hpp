// Writes one table row by row.
#pragma once

#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <libmatch/model/table.hpp>

namespace libmatch::detail {

/// Columns of one output table, filled row by row.
class TableWriter {
  public:
    struct Spec {
        const char* name;
        int kind;  // -1 = text, otherwise a NumberKind
    };
    static constexpr int text = -1;
    static constexpr int real = static_cast<int>(NumberKind::real);
    static constexpr int integer = static_cast<int>(NumberKind::integer);
    static constexpr int boolean = static_cast<int>(NumberKind::boolean);

    explicit TableWriter(std::vector<Spec> specs) : specs_(std::move(specs)) {
        for (const Spec& s : specs_) {
            if (s.kind == text) {
                columns_.emplace_back(TextColumn());
            } else {
                columns_.emplace_back(NumberColumn{{}, static_cast<NumberKind>(s.kind)});
            }
        }
    }
    TableWriter& operator<<(std::string_view value) {
        std::get<TextColumn>(columns_[at_++]).push_back(value);
        return wrap();
    }
    TableWriter& operator<<(double value) {
        std::get<NumberColumn>(columns_[at_++]).values.push_back(value);
        return wrap();
    }
    [[nodiscard]] Table table() {
        Table out;
        for (std::size_t k = 0; k < specs_.size(); ++k)
            out.add(specs_[k].name, std::move(columns_[k]));
        return out;
    }

  private:
    TableWriter& wrap() {
        at_ %= specs_.size();
        return *this;
    }
    std::vector<Spec> specs_;
    std::vector<Column> columns_;
    std::size_t at_ = 0;
};

}  // namespace libmatch::detail
