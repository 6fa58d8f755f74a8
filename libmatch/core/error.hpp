// Bad input: what is wrong, where, and what to do about it.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace libmatch {

/// One fault of the input. `row` counts from 0; -1 means the whole table or column.
struct Fault {
    enum class Severity { error, warning };
    Severity severity = Severity::error;
    std::string table;
    std::int64_t row = -1;
    std::string column;
    std::string value;
    std::string problem;  ///< what is wrong, one sentence
    std::string remedy;   ///< what to do, one sentence

    [[nodiscard]] std::string text() const {
        std::string where = table;
        if (row >= 0) where += " row " + std::to_string(row);
        if (!column.empty()) where += " column " + column;
        if (!value.empty()) where += " value '" + value + "'";
        return where + ": " + problem + (remedy.empty() ? "" : "; " + remedy);
    }
};

/// Thrown by builders only, with every fault that was found. Outcomes of solving are values, never
/// exceptions.
class InputError : public std::invalid_argument {
  public:
    explicit InputError(std::vector<Fault> found)
        : std::invalid_argument(summary(found)), faults_(std::move(found)) {}
    explicit InputError(Fault fault) : InputError(std::vector<Fault>{std::move(fault)}) {}

    [[nodiscard]] const std::vector<Fault>& faults() const { return faults_; }

  private:
    static std::string summary(const std::vector<Fault>& faults) {
        constexpr std::size_t shown = 20;
        std::string text =
            std::to_string(faults.size()) + (faults.size() == 1 ? " fault" : " faults");
        for (std::size_t k = 0; k < faults.size() && k < shown; ++k)
            text += "\n  " + faults[k].text();
        if (faults.size() > shown)
            text += "\n  and " + std::to_string(faults.size() - shown) + " more";
        return text;
    }
    std::vector<Fault> faults_;
};

}  // namespace libmatch
