using System.Text.RegularExpressions;

namespace IlqrVae.Cli.Tests;

/// <summary>Links between pages lead somewhere, and the site's contents name every page.</summary>
public sealed partial class DocumentLinks
{
    private static readonly string Root = Repository.Root;

    /// <summary>Every page, by its path from the root.</summary>
    public static TheoryData<string> Pages => [.. DocsPage.All];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_leads_somewhere(string page)
    {
        var path = Path.Combine(Root, page);
        foreach (Match link in Links().Matches(Prose(path)))
        {
            var target = link.Groups["target"].Value;
            if (target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal))
            {
                continue;
            }

            var parts = target.Split('#', 2);
            var file = parts[0].Length == 0 ? path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, parts[0]));

            // A folder is no page of the site, so that a link names the file within.
            Assert.True(File.Exists(file), $"{page}: '{target}' is no file");
            Assert.True(parts.Length == 1 || Headings(file).Contains(parts[1], StringComparer.Ordinal), $"{page}: '{target}' is no heading of that page");
        }
    }

    [Fact]
    public void The_sites_contents_name_every_page_once()
    {
        var named = File.ReadLines(Path.Combine(Root, "toc.yml")).Select(line => line.Trim()).Where(line => line.StartsWith("href: docs/", StringComparison.Ordinal)).Select(line => line["href: docs/".Length..]);
        var pages = Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md").Select(page => Path.GetFileName(page));
        Assert.Equal(pages.Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    /// <summary>A page without what is code.</summary>
    private static string Prose(string path) => Code().Replace(File.ReadAllText(path), "");

    /// <summary>What a heading is called in a link: lower case, hyphens for spaces, without punctuation.</summary>
    private static IEnumerable<string> Headings(string path) =>
        Prose(path).Split('\n').Where(line => line.StartsWith('#')).Select(line => Punctuation().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Links();

    [GeneratedRegex(@"^```.*?^```|^    .*?$", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex Code();

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.None, 1000)]
    private static partial Regex Punctuation();
}
