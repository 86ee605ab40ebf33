// gateway/reference_page_for_test.h — the tables of a page in docs/reference, to compare with code.
#pragma once

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace outcry::gateway::test {

using TableRow = std::vector<std::string>;

/// The cells of the table under the heading `heading` ("## Codes"; "" for the page's first table),
/// without its head, back-quotes and spaces around. Throws if there is none.
inline std::vector<TableRow> table_of(const std::string& page, std::string_view heading) {
  std::ifstream file(page);
  std::string line;
  bool found = heading.empty();
  while (!found && std::getline(file, line)) found = line == heading;
  std::vector<TableRow> rows;
  while (std::getline(file, line)) {
    if (!line.starts_with('|')) {
      if (!rows.empty()) break;
      continue;
    }
    TableRow& row = rows.emplace_back();
    for (std::size_t at = 1; at < line.size();) {
      const std::size_t end = line.find('|', at);
      std::string cell;
      for (const char c : line.substr(at, end - at)) {
        if (c != '`') cell += c;
      }
      const std::size_t first = cell.find_first_not_of(' ');
      row.push_back(first == std::string::npos
                        ? ""
                        : cell.substr(first, cell.find_last_not_of(' ') + 1 - first));
      at = end + 1;
    }
  }
  if (rows.size() < 2) throw std::runtime_error("no table in " + page);
  rows.erase(rows.begin(), rows.begin() + 2);  // the head and its line
  return rows;
}

}  // namespace outcry::gateway::test
