using System.Text;

namespace IlqrVae.Cli.Tests;

/// <summary>A page of docs/, for tests that do what it says.</summary>
internal static class DocsPage
{
    /// <summary>Every page that people read, by its path from the root of the repository.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md"))
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "experiments"), "README.md", SearchOption.AllDirectories))
            .Append(Path.Combine(Repository.Root, "python", "README.md"))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    /// <summary>The fenced blocks of a page of docs/ with their language, and each indented line as "commands".</summary>
    public static IEnumerable<(string Kind, string Text)> Blocks(string name) => BlocksOf($"docs/{name}").SelectMany(block => block.Kind == Indented
        ? block.Text.Split('\n').Select(line => ("commands", line.Trim()))
        : [(block.Kind, block.Text)]);

    /// <summary>The kind of a block that is indented and has no language.</summary>
    public const string Indented = "indented";

    /// <summary>The blocks of code of a page: the fenced ones with their language, the indented ones whole; and the heading above each.</summary>
    /// <param name="page">Its path from the root.</param>
    public static IEnumerable<(string Kind, string Text, string Heading)> BlocksOf(string page)
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, page));
        var heading = "";
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                var end = Array.IndexOf(lines, "```", i + 1);
                Assert.True(end > 0, $"{page}: line {i + 1} begins a block that does not end");
                yield return (lines[i][3..], string.Join('\n', lines[(i + 1)..end]), heading);
                i = end;
            }
            else if (lines[i].StartsWith("    ", StringComparison.Ordinal) && (i == 0 || lines[i - 1].Length == 0))
            {
                // Lines of a list go on indented too, but not behind an empty line.
                var end = i;
                while (end < lines.Length && lines[end].StartsWith("    ", StringComparison.Ordinal))
                {
                    end++;
                }

                yield return (Indented, string.Join('\n', lines[i..end].Select(line => line[4..])), heading);
                i = end - 1;
            }
            else if (lines[i].StartsWith("## ", StringComparison.Ordinal))
            {
                heading = lines[i];
            }
        }
    }

    /// <summary>What stands between backquotes in the text of a page.</summary>
    /// <param name="page">Its path from the root.</param>
    public static IEnumerable<string> Spans(string page)
    {
        var isCode = false;
        var isAfterSpace = true;
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, page)))
        {
            var isFence = line.StartsWith("```", StringComparison.Ordinal);
            isCode ^= isFence;
            if (!isCode && !isFence && !(isAfterSpace && line.StartsWith("    ", StringComparison.Ordinal)))
            {
                foreach (var span in line.Split('`').Where((_, i) => i % 2 == 1))
                {
                    yield return span;
                }
            }

            isAfterSpace = line.Length == 0 || (isAfterSpace && line.StartsWith("    ", StringComparison.Ordinal));
        }
    }

    /// <summary>The words of a command as a shell takes them: what is in single or double quotes stays together.</summary>
    public static string[] Words(string command)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quote = '\0';
        foreach (var letter in command + ' ')
        {
            if (quote == '\0' && letter == ' ')
            {
                if (word.Length > 0)
                {
                    words.Add(word.ToString());
                    word.Clear();
                }
            }
            else if (quote == '\0' && letter is '\'' or '"')
            {
                quote = letter;
            }
            else if (letter == quote)
            {
                quote = '\0';
            }
            else
            {
                word.Append(letter);
            }
        }

        Assert.True(quote == '\0', $"a quote is not closed: {command}");
        return [.. words];
    }

    /// <summary>The path of a page of docs/.</summary>
    public static string PathOf(string name) => Path.Combine(Repository.Root, "docs", name);
}
