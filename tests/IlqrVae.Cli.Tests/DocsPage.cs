using System.Text;

namespace IlqrVae.Cli.Tests;

/// <summary>A page of docs/, for tests that do what it says.</summary>
internal static class DocsPage
{
    /// <summary>The fenced blocks with their language, and each indented line as "commands".</summary>
    public static IEnumerable<(string Kind, string Text)> Blocks(string name)
    {
        var page = File.ReadAllLines(Path.Combine(Folder(name), name));
        for (var i = 0; i < page.Length; i++)
        {
            if (page[i].StartsWith("```", StringComparison.Ordinal))
            {
                var end = Array.IndexOf(page, "```", i + 1);
                yield return (page[i][3..], string.Join('\n', page[(i + 1)..end]));
                i = end;
            }
            else if (page[i].StartsWith("    ", StringComparison.Ordinal))
            {
                yield return ("commands", page[i].Trim());
            }
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

    /// <summary>The path of a page.</summary>
    public static string PathOf(string name) => Path.Combine(Folder(name), name);

    private static string Folder(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "docs", name)))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("no folder 'docs' with the page above the tests");
        }

        return Path.Combine(folder.FullName, "docs");
    }
}
