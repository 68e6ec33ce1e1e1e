using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using IlqrVae.Data.Tests;
using IlqrVae.Recordings;
using IlqrVae.Reports.Drawing;
using IlqrVae.Reports.Html;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Tests;

/// <summary>Recordings and results that name things as no one should, and hold odd numbers: pages and figures have no element and no attribute that is not the program's own.</summary>
public sealed partial class HostilePages : IDisposable
{
    private static readonly string[] s_pieces =
    [
        "<script>window.broken=1</script>", "</script>", "</title>", "<!--", "-->", "]]>", "<![CDATA[", "\"><img src=x onerror=window.broken=1>", "' onload='window.broken=1", "<svg/onload=window.broken=1>", "javascript:window.broken=1",
        "&lt;b&gt;", "&#x3c;script&#x3e;", "&amp;", "<a href=\"https://example.org\">", "{{constructor}}", "${window.broken=1}", "%{y}", "$x$", "\\", "\"", "'", "`", "<", ">", "&", "\0", "\b", "\u001b[31m", "\u2028", "\u202e", "\ud800", "\udfff",
        "\ufffe", "\r\n", "\t", "=1+1", "../..", "C:\\", "ü", "日本", "🧠", " ", "",
    ];

    private static readonly double[] s_large = [1e300, -1e300, 1e150, double.MaxValue, double.MinValue, 5e-324, -0.0];

    private static readonly HashSet<string> s_elements = new(["p", "h2", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "label", "select", "option", "button", "span"], StringComparer.Ordinal);
    private static readonly HashSet<string> s_ofPages = new([.. s_elements, "html", "head", "meta", "title", "style", "body", "a", "header", "h1", "noscript", "nav", "ol", "li", "main", "section", "footer", "details", "summary", "script"], StringComparer.Ordinal);
    private static readonly HashSet<string> s_attributes = new(["class", "id", "role", "tabindex", "aria-label", "aria-live", "aria-labelledby", "for", "scope", "type", "lang", "charset", "content", "name", "http-equiv", "href", "hidden"], StringComparer.Ordinal);
    private static readonly HashSet<string> s_ofFigures = new(["svg", "g", "path", "rect", "circle", "text", "line", "defs", "clipPath", "style", "title", "desc", "image", "use", "tspan", "ellipse", "polyline", "polygon", "linearGradient", "stop"], StringComparer.Ordinal);

    private readonly DirectoryInfo _folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"ilqr-vae-pages-{Guid.NewGuid():N}"));

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Whatever_a_recording_names_is_text()
    {
        var (copies, refused) = (Mutations.Copies(2000), 0);
        foreach (var seed in Mutations.Seeds(copies))
        {
            refused += Mutations.Try(seed, ("page", () =>
            {
                var random = new Random(seed);
                var report = ReportOf(random);
                foreach (var (_, message) in HtmlReport.LiveSections(report.Sections))
                {
                    var section = JsonNode.Parse(message)!;
                    RequireOwn(section["html"]!.GetValue<string>(), s_elements);
                    foreach (var packed in section["choices"]!.AsArray().Append(section["panels"]).OfType<JsonNode>())
                    {
                        using var reading = new StreamReader(new GZipStream(new MemoryStream(Convert.FromBase64String(packed.GetValue<string>())), CompressionMode.Decompress));
                        var json = reading.ReadToEnd();
                        Assert.DoesNotContain('<', json);
                        Assert.NotNull(JsonNode.Parse(json)!["panels"]);
                    }
                }

                // Whole pages hold much that is the same in all, and figures take their time.
                if (seed % 100 == 0)
                {
                    RequirePage(report);
                    RequireFigures(report);
                }

                return 1;
            }));
        }

        Mutations.Tell("HTML", copies, refused);
        Assert.InRange(refused, 0, copies / 4);
    }

    /// <summary>What would be an element where a word is not escaped is found.</summary>
    [Theory]
    [InlineData("<td>a<b>c</b></td>")]
    [InlineData("<td class=\"x\" onclick=\"y\">a</td>")]
    [InlineData("<td>a < b</td>")]
    [InlineData("<td class=\"x<y\">a</td>")]
    [InlineData("<img src=x>")]
    [InlineData("<td>&lt;</td><!-- a -->")]
    public void An_element_of_others_would_be_seen(string html) => Assert.ThrowsAny<Exception>(() => RequireOwn(html, s_elements));

    private void RequirePage(Report report)
    {
        var path = Path.Combine(_folder.FullName, "page.html");
        HtmlReport.Write(report, path);
        var page = File.ReadAllText(path);
        Assert.Equal(2, Scripts().Count(page));
        RequireOwn(Styles().Replace(Scripts().Replace(page, ""), "").Replace("<!DOCTYPE html>", "", StringComparison.Ordinal), s_ofPages);
        Assert.DoesNotContain("href=\"http", page[..page.IndexOf("<style>", StringComparison.Ordinal)], StringComparison.OrdinalIgnoreCase);
    }

    private void RequireFigures(Report report)
    {
        var path = Path.Combine(_folder.FullName, "figure.svg");
        foreach (var panel in report.Sections.SelectMany(section => section.Panels.Concat(section.Choices.SelectMany(choice => choice.Panels))).Take(8))
        {
            new Figure([panel]).Write(path);
            var svg = XDocument.Parse(File.ReadAllText(path));
            Assert.All(svg.Descendants(), element => Assert.Contains(element.Name.LocalName, s_ofFigures));
            Assert.All(svg.Descendants().Attributes(), attribute => Assert.False(attribute.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase)));
        }
    }

    /// <summary>Without the program's own elements and attributes there is no mark left that could begin or end one.</summary>
    private static void RequireOwn(string html, HashSet<string> elements)
    {
        var rest = Elements().Replace(html, found =>
        {
            Assert.Contains(found.Groups["name"].Value, elements);
            Assert.All(found.Groups["attribute"].Captures, attribute => Assert.Contains(attribute.Value, s_attributes));
            return "";
        });
        Assert.DoesNotContain('<', rest);
        Assert.DoesNotContain('>', rest);
    }

    private static Report ReportOf(Random random)
    {
        var recording = Odd(random);
        recording.Validate("made.h5");
        if (random.Next(3) == 0)
        {
            return RecordingReport.Create(new RecordingSource(recording, Word(random)));
        }

        return RunReport.Create(Made.Source(Made.Found(recording, change: (_, estimate) => random.Next(4) > 0 ? estimate : estimate with
        {
            States = Sprinkled(estimate.States, random), Inputs = Sprinkled(estimate.Inputs, random), Means = [.. estimate.Means.Select(mean => Sprinkled(mean, random))], LogEvidence = OddNumber(random),
        }) with { Remarks = [Word(random), Word(random)], Split = Word(random) }));
    }

    private static Recording Odd(Random random)
    {
        var (neurons, external) = (random.Next(1, 4), random.Next(2));
        ChannelGroup[] groups =
        [
            new(Word(random) + "a", ChannelKind.Counts, neurons, "", Names(neurons, random)), new(Word(random) + "b", ChannelKind.Values, 2, Word(random), Names(2, random)),
        ];
        return new Recording
        {
            BinWidth = 0.01 * random.Next(1, 4),
            Source = Word(random),
            Groups = groups,
            ExternalNames = [.. Enumerable.Range(0, external).Select(i => $"{Word(random)}{i}")],
            Trials = [.. Enumerable.Range(0, random.Next(1, 4)).Select(k =>
            {
                var bins = random.Next(1, 14);
                return Made.Trial($"{Word(random)}{k}", bins, Made.Counts(bins, neurons, (_, _) => random.Next(4)), Made.Values(bins, 2, (_, _) => random.Next(8) == 0 ? s_large[random.Next(s_large.Length)] : random.NextDouble(), [.. Enumerable.Range(0, 2 * bins).Select(_ => random.Next(5) > 0)])) with
                {
                    Session = random.Next(3) == 0 ? Word(random) : "",
                    External = external > 0 ? Made.Table(bins, external, (_, _) => random.NextDouble()) : null,
                    Labels = new Dictionary<string, TrialLabel>(StringComparer.Ordinal) { [Word(random) + "c"] = TrialLabel.Of(Word(random)), ["condition"] = TrialLabel.Of(Word(random)), [Word(random) + "d"] = new(random.Next(3)) },
                };
            })],
        };
    }

    private static string[]? Names(int count, Random random) => random.Next(4) == 0 ? null : [.. Enumerable.Range(0, count).Select(i => $"{Word(random)}{i}")];

    private static string Word(Random random) => random.Next(50) == 0 ? new string('<', random.Next(5000)) : string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => s_pieces[random.Next(s_pieces.Length)]));

    private static double OddNumber(Random random) => random.Next(7) switch { 0 => double.NaN, 1 => double.PositiveInfinity, 2 => double.NegativeInfinity, 3 => 1e300, 4 => -1e300, 5 => 5e-324, _ => -0.0 };

    private static Table Sprinkled(Table table, Random random) => new(table.Bins, table.Columns, [.. table.Values.Select(value => random.Next(6) == 0 ? OddNumber(random) : value)]);

    [GeneratedRegex(@"<(?:/(?<name>[a-z0-9]+)|(?<name>[a-z0-9]+)(?: (?<attribute>[a-z-]+)(?:=""[^""<>]*"")?)*)>", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Elements();

    [GeneratedRegex("<script>.*?</script>", RegexOptions.Singleline, 10_000)]
    private static partial Regex Scripts();

    [GeneratedRegex("<style>.*?</style>", RegexOptions.Singleline, 10_000)]
    private static partial Regex Styles();
}
