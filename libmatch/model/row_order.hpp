// One order of a table's rows, whatever order they came in.
//
// Problem: indices decide ties and samples, so the same rows in another order must get the same
// indices. Method: rows are ordered by a text column, shorter texts first and equally long ones by
// their bytes, so that numbered ids are in the order of their numbers, with leading zeros or
// without; equal texts keep their order. Rows that are in order already are left alone. The
// first 8 bytes behind the prefix that all texts share decide most comparisons. Complexity:
// O(bytes) for rows in order, O(n log n) and a copy of the table for others. Deterministic.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <libmatch/model/table.hpp>

namespace libmatch {

/// True if an id stands before another: the shorter, then the one with the smaller bytes.
[[nodiscard]] inline bool id_before(std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

/// The rows in the order of a column; empty when they are in this order already.
[[nodiscard]] inline std::vector<std::uint32_t> rows_by_id(const TextColumn& id) {
    const std::size_t n = id.size();
    std::size_t row = 1;
    while (row < n && !id_before(id[row], id[row - 1])) ++row;
    if (row >= n) return {};

    std::size_t shared = id[0].size();
    for (std::size_t r = 1; r < n; ++r) {
        const std::string_view a = id[0].substr(0, shared), b = id[r];
        const auto most = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
        shared = static_cast<std::size_t>(
            std::mismatch(a.begin(), a.begin() + most, b.begin()).first - a.begin());
    }
    struct Key {
        std::uint64_t head = 0;  ///< 8 bytes behind the shared prefix, the first one highest
        std::uint32_t length = 0;
        std::uint32_t row = 0;
    };
    std::vector<Key> keys(n);
    for (std::size_t r = 0; r < n; ++r) {
        const std::string_view text = id[r];
        std::uint64_t head = 0;
        for (std::size_t k = 0; k < 8; ++k) {
            const std::size_t at = shared + k;
            head = head << 8 | (at < text.size() ? static_cast<unsigned char>(text[at]) : 0U);
        }
        keys[r] = {head, static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(r)};
    }
    std::sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
        if (a.length != b.length) return a.length < b.length;
        if (a.head != b.head) return a.head < b.head;
        const int beyond = id[a.row].compare(id[b.row]);
        return beyond != 0 ? beyond < 0 : a.row < b.row;
    });
    std::vector<std::uint32_t> order(n);
    for (std::size_t r = 0; r < n; ++r) order[r] = keys[r].row;
    return order;
}

/// The table with its rows in another order: row r of the result is row order[r] of the table.
[[nodiscard]] inline Table with_rows(const Table& table, const std::vector<std::uint32_t>& order) {
    Table out;
    for (const auto& [name, column] : table.columns()) {
        if (const auto* text = std::get_if<TextColumn>(&column)) {
            std::vector<std::int64_t> offsets{0};
            offsets.reserve(order.size() + 1);
            std::string bytes;
            bytes.reserve(text->bytes().size());
            for (const std::uint32_t row : order) {
                bytes += (*text)[row];
                offsets.push_back(static_cast<std::int64_t>(bytes.size()));
            }
            out.add(name, TextColumn(std::move(offsets), std::move(bytes)));
        } else {
            const auto& given = std::get<NumberColumn>(column);
            NumberColumn numbers{{}, given.kind};
            numbers.values.reserve(order.size());
            for (const std::uint32_t row : order) numbers.values.push_back(given.values[row]);
            out.add(name, std::move(numbers));
        }
    }
    return out;
}

}  // namespace libmatch
