// A thousand random changes to a trail: each must be found.
#include <cstdio>
#include <random>

#include <gtest/gtest.h>

#include "audit/trail_for_test.h"

namespace outcry::audit {
namespace {

constexpr int kChanges = 1'000;
constexpr unsigned kSeed = 20260131;

using Lines = std::vector<std::string>;

struct File {
  std::filesystem::path path;
  Lines lines;
  bool operator==(const File&) const = default;
};

/// Files as lines, in memory: cheap to change and to put back.
class Mutator {
 public:
  Mutator(std::vector<File> files, std::mt19937& random)
      : files_(std::move(files)), random_(random) {}

  /// What it did, in words; and whether records are missing at the end and nowhere else, which the
  /// files alone can't tell.
  std::string change(bool& cuts_end) {
    cuts_end = false;
    switch (below(12)) {
      case 0:
        return change_byte();
      case 1:
        return insert_byte();
      case 2:
        return delete_byte();
      case 3:
        return delete_lines(cuts_end);
      case 4:
        return swap_lines();
      case 5:
        return repeat_line();
      case 6:
        return move_line();
      case 7:
        return delete_file(cuts_end);
      case 8:
        return cut_file(cuts_end);
      case 9:
        return cut_at_checkpoint(cuts_end);
      case 10:
        return swap_texts();
      default:
        return take_signature_of_another();
    }
  }
  [[nodiscard]] const std::vector<File>& files() const { return files_; }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  std::size_t any_file() { return below(files_.size()); }
  std::string& any_line() {
    Lines& lines = files_[any_file()].lines;
    return lines[below(lines.size())];
  }

  std::string change_byte() {
    std::string& line = any_line();
    const std::size_t at = below(line.size());
    char other = line[at];
    while (other == line[at] || other == '\n') other = static_cast<char>(below(256));
    line[at] = other;
    return "a byte changed";
  }
  std::string insert_byte() {
    std::string& line = any_line();
    line.insert(below(line.size() + 1), 1, static_cast<char>(' ' + below(95)));
    return "a byte inserted";
  }
  std::string delete_byte() {
    std::string& line = any_line();
    line.erase(below(line.size()), 1);
    return "a byte deleted";
  }
  std::string delete_lines(bool& cuts_end) {
    const std::size_t file = any_file();
    Lines& lines = files_[file].lines;
    const std::size_t first = below(lines.size());
    const std::size_t count = 1 + below(std::min<std::size_t>(3, lines.size() - first));
    cuts_end = file + 1 == files_.size() && first + count == lines.size();
    const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(first);
    lines.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    return "lines deleted";
  }
  std::string swap_lines() {
    std::string& a = any_line();
    std::string* b = &a;
    while (b == &a) b = &any_line();
    std::swap(a, *b);
    return "lines swapped";
  }
  std::string repeat_line() {
    Lines& lines = files_[any_file()].lines;
    const std::size_t from = below(lines.size());
    const std::string line = lines[from];
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(below(lines.size() + 1)), line);
    return "a line repeated";
  }
  std::string move_line() {
    Lines& from = files_[any_file()].lines;
    const std::size_t at = below(from.size() - 1);  // the very last may go to its own place
    const std::string line = from[at];
    from.erase(from.begin() + static_cast<std::ptrdiff_t>(at));
    Lines& to = files_[any_file()].lines;
    std::size_t place = below(to.size() + 1);
    if (&to == &from && place == at) place = at + 1;
    to.insert(to.begin() + static_cast<std::ptrdiff_t>(place), line);
    return "a line moved";
  }
  std::string delete_file(bool& cuts_end) {
    const std::size_t file = any_file();
    cuts_end = file + 1 == files_.size();
    files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(file));
    return "a file deleted";
  }
  std::string cut_file(bool& cuts_end) {
    const std::size_t file = any_file();
    Lines& lines = files_[file].lines;
    lines.resize(1 + below(lines.size() - 1));
    cuts_end = file + 1 == files_.size();
    return "a file cut";
  }
  std::string cut_at_checkpoint(bool& cuts_end) {
    std::size_t file = any_file();
    for (;; file = any_file()) {
      Lines& lines = files_[file].lines;
      const std::size_t at = below(lines.size() - 1);
      if (lines[at].find(R"("kind":"checkpoint")") == std::string::npos) continue;
      lines.resize(at + 1);
      cuts_end = file + 1 == files_.size();
      return "a file cut behind a checkpoint";
    }
  }
  /// The same texts, each in the other's record.
  std::string swap_texts() {
    for (;;) {
      std::string& a = any_line();
      std::string& b = any_line();
      const std::size_t in_a = a.find(R"("user":"u)");
      const std::size_t in_b = b.find(R"("user":"u)");
      if (&a == &b || in_a == std::string::npos || in_b == std::string::npos) continue;
      const std::string user_a = a.substr(in_a, a.find(',', in_a) - in_a);
      const std::string user_b = b.substr(in_b, b.find(',', in_b) - in_b);
      if (user_a == user_b) continue;
      a.replace(in_a, user_a.size(), user_b);
      b.replace(in_b, user_b.size(), user_a);
      return "users swapped";
    }
  }
  std::string take_signature_of_another() {
    constexpr std::string_view kSignature = R"("signature":")";
    for (;;) {
      std::string& a = any_line();
      const std::string& b = any_line();
      const std::size_t in_a = a.find(kSignature);
      const std::size_t in_b = b.find(kSignature);
      if (&a == &b || in_a == std::string::npos || in_b == std::string::npos) continue;
      a.replace(in_a, std::string::npos, b.substr(in_b));
      return "a signature from another record";
    }
  }

  std::vector<File> files_;
  std::mt19937& random_;
};

class MutationTest : public test::TrailTest {
 protected:
  void make_trail() {
    options_.checkpoint_records = 5;
    options_.file_bytes_max = 15'000;
    open();
    for (int i = 0; i < 40; ++i) write(4);
    stop();
    for (const auto& path : files()) {
      originals_.push_back({.path = path, .lines = test::lines_of(test::text_of(path))});
    }
  }
  void put(const std::vector<File>& changed) {
    for (const File& file : originals_) std::filesystem::remove(file.path);
    for (const File& file : changed) {
      std::string text;
      for (const std::string& line : file.lines) text += line + '\n';
      test::set_text(file.path, text);
    }
  }

  std::vector<File> originals_;
};

TEST_F(MutationTest, a_thousand_random_changes_are_all_found) {
  make_trail();
  ASSERT_GE(originals_.size(), 4U);
  const auto key = SigningKey::load(options_.directory / "audit.key")->public_key();
  const Report whole = verify({.keys = {key}});
  ASSERT_TRUE(whole.intact()) << told(whole);
  const Expected end{.sequence = whole.last.sequence, .hash = whole.last.hash};

  std::mt19937 random(kSeed);
  int found = 0;
  int found_by_files_alone = 0;
  int end_cut = 0;
  for (int i = 0; i < kChanges; ++i) {
    Mutator mutator(originals_, random);
    bool cuts_end = false;
    const std::string what = mutator.change(cuts_end);
    ASSERT_NE(mutator.files(), originals_) << what;
    put(mutator.files());
    const bool seen = !verify({.keys = {key}, .expected = end}).intact();
    const bool seen_alone = !verify({.keys = {key}}).intact();
    EXPECT_TRUE(seen) << i << ": " << what;
    EXPECT_TRUE(seen_alone || cuts_end) << i << ": " << what << ", by the files alone";
    found += seen ? 1 : 0;
    found_by_files_alone += seen_alone ? 1 : 0;
    end_cut += cuts_end ? 1 : 0;
  }
  std::printf("%d of %d changes found; by the files alone %d, and %d cut the end\n", found,
              kChanges, found_by_files_alone, end_cut);
  EXPECT_EQ(found, kChanges);
}

}  // namespace
}  // namespace outcry::audit
