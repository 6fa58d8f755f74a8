// Conversions between Python values and the library's plain structs. Names and copies only.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <libmatch/core/control.hpp>
#include <libmatch/model/table.hpp>

namespace libmatch::python {

namespace py = pybind11;

template <class T>
using Array = py::array_t<T, py::array::c_style | py::array::forcecast>;

template <class T>
std::vector<T> to_vector(const Array<T>& a) {
    return {a.data(), a.data() + a.size()};
}
template <class T>
std::vector<T> to_vector(const std::optional<Array<T>>& a) {
    return a ? to_vector(*a) : std::vector<T>{};
}
template <class T>
py::array_t<T> to_array(const std::vector<T>& v) {
    return py::array_t<T>(static_cast<py::ssize_t>(v.size()), v.data());
}

/// dict[table, dict[column, float64 array | (int64 offsets, bytes)]]
inline Tables to_tables(const py::dict& given) {
    Tables tables;
    for (const auto& [table_name, columns] : given) {
        Table table;
        for (const auto& [column_name, column] : py::cast<py::dict>(columns)) {
            if (py::isinstance<py::tuple>(column)) {
                const auto parts = py::cast<py::tuple>(column);
                table.add(py::cast<std::string>(column_name),
                          TextColumn(to_vector(py::cast<Array<std::int64_t>>(parts[0])),
                                     py::cast<std::string>(parts[1])));
            } else {
                table.add(
                    py::cast<std::string>(column_name),
                    NumberColumn{to_vector(py::cast<Array<double>>(column)), NumberKind::real});
            }
        }
        tables.emplace(py::cast<std::string>(table_name), std::move(table));
    }
    return tables;
}

/// The way back; numbers come with what they mean.
inline py::dict from_tables(const Tables& tables) {
    constexpr const char* kinds[] = {"real", "integer", "boolean", "date"};
    py::dict out;
    for (const auto& [table_name, table] : tables) {
        py::dict columns;
        for (const auto& [column_name, column] : table.columns()) {
            if (const auto* text = std::get_if<TextColumn>(&column)) {
                columns[py::str(column_name)] =
                    py::make_tuple(to_array(text->offsets()), py::bytes(text->bytes()));
            } else {
                const auto& number = std::get<NumberColumn>(column);
                columns[py::str(column_name)] = py::make_tuple(
                    to_array(number.values), kinds[static_cast<std::size_t>(number.kind)]);
            }
        }
        out[py::str(table_name)] = columns;
    }
    return out;
}

using Listener = std::optional<std::function<bool(const std::string&, double, double, double)>>;

/// A listener that takes the lock of Python, tells the user's function, and lets Ctrl-C cancel.
inline Control::Listener with_python(Listener listener) {
    return [listener = std::move(listener)](const Progress& p) {
        const py::gil_scoped_acquire lock;
        if (PyErr_CheckSignals() != 0) {
            PyErr_Clear();
            return false;
        }
        return listener ? (*listener)(std::string(p.stage), p.done, p.elapsed, p.eta) : true;
    };
}

}  // namespace libmatch::python
