using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IlqrVae.Reports.Html;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Tests;

/// <summary>The file of a report, without a browser.</summary>
public sealed partial class HtmlReports : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-reports-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_page_names_its_scripts_by_what_they_hold_and_loads_nothing()
    {
        var page = PageOf(SomePanels.Report());
        var policy = Regex.Match(page, "Content-Security-Policy\" content=\"(?<policy>[^\"]*)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["policy"].Value;
        Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
        var scripts = Scripts().Matches(page).Select(match => match.Groups["text"].Value).ToList();
        Assert.Equal(2, scripts.Count);
        Assert.All(scripts, script => Assert.Contains($"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'", policy, StringComparison.Ordinal));
        Assert.DoesNotContain("unsafe-inline", policy[..policy.IndexOf("style-src", StringComparison.Ordinal)], StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-eval", policy, StringComparison.Ordinal);
        Assert.DoesNotContain(" src=\"", Scripts().Replace(page, ""), StringComparison.Ordinal);
        Assert.DoesNotContain("<link", Scripts().Replace(page, ""), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Licensed under the MIT license", page, StringComparison.Ordinal);
        Assert.Contains("Permission is hereby granted", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_words_are_words()
    {
        var report = SomePanels.Report(SomePanels.Hostile) with
        {
            Summary = SomePanels.Hostile,
            Sections =
            [
                new(SomePanels.Hostile, SomePanels.Hostile, SomePanels.Hostile)
                {
                    Tables = [new(SomePanels.Hostile, [SomePanels.Hostile, ""], [[SomePanels.Hostile, SomePanels.Hostile]], SomePanels.Hostile)],
                    Panels = [SomePanels.Bars() with { Title = SomePanels.Hostile, Marks = [new BarMark(SomePanels.Hostile, PanelColor.Found, [0], [1], 1)] }],
                    ChoiceOf = SomePanels.Hostile,
                    Choices = [new(SomePanels.Hostile, [SomePanels.Bars() with { Caption = SomePanels.Hostile }])],
                },
            ],
        };
        var page = Scripts().Replace(PageOf(report), "");
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<a href=\"http", page, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(page.Split("<script").Length, page.Split("</script>").Length);
        Assert.Contains("&lt;/script&gt;&lt;img src=x onerror=&quot;", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_are_kept_to_less_than_a_pixel()
    {
        var panel = SomePanels.Rates();
        var json = JsonNode.Parse(Encoding.UTF8.GetString(PanelJson.Json([panel])))!;
        var numbers = json["numbers"]!.AsArray();
        var marks = json["panels"]![0]!["marks"]!.AsArray();
        foreach (var (mark, written) in panel.Marks.Zip(marks))
        {
            if (mark is LineMark line)
            {
                Close(line.X, Unpacked(numbers[written!["x"]!.GetValue<int>()]!));
                Close(line.Y, Unpacked(numbers[written["y"]!.GetValue<int>()]!));
            }
        }

        // All four neurons share the times of bins, and these are a rule, not a list.
        Assert.Single(numbers, one => one is JsonObject);
    }

    [Fact]
    public void Numbers_far_from_zero_and_of_many_sizes_keep_their_digits()
    {
        var panel = SomePanels.Spectrum() with
        {
            Y = new Axis("power") { Logarithmic = true },
            Marks = [new LineMark("power", PanelColor.Found, [100_000.01, 100_000.03, 100_000.04], [1e-9, 1.23456e-5, 1e6])],
            X = new Axis("time", "s"),
        };
        var json = JsonNode.Parse(Encoding.UTF8.GetString(PanelJson.Json([panel])))!;
        Assert.Equal([100_000.01, 100_000.03, 100_000.04], Unpacked(json["numbers"]![0]!));
        Assert.Equal([1e-9, 1.23456e-5, 1e6], Unpacked(json["numbers"]![1]!));
    }

    [Fact]
    public void Panels_come_out_as_they_went_in()
    {
        var packed = Convert.FromBase64String(PanelJson.Pack(SomePanels.All()));
        using var reading = new StreamReader(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress));
        var json = reading.ReadToEnd();
        Assert.Equal(Encoding.UTF8.GetString(PanelJson.Json(SomePanels.All())), json);
        Assert.DoesNotContain("<", json, StringComparison.Ordinal);
        Assert.Contains("null", json, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trial_of_174_units_takes_less_than_a_ninetieth_of_a_page()
    {
        // A raster, rates of all units with noise in every bin, and six neurons with bands; 140 bins.
        foreach (var trial in Enumerable.Range(0, 2))
        {
            Assert.InRange(PanelJson.Pack([SomePanels.Raster(174, 140), Noisy(174, 140, trial), SomePanels.Rates(trial, 140, 6)]).Length, 10_000, HtmlReport.MostBytes / 90);
        }
    }

    [Fact]
    public void What_does_not_fit_is_left_out_evenly_and_told()
    {
        var report = SomePanels.Report();
        var path = Path.Combine(_folder.FullName, "small.html");
        HtmlReport.Write(report, path, (int)new FileInfo(Write(report)).Length + 80_000);
        var page = File.ReadAllText(path);
        var kept = page.Split("<option>").Length - 1;
        Assert.InRange(kept, 2, 5);
        Assert.Contains($"Of 6 this file has {kept}", page, StringComparison.Ordinal);
        Assert.Contains("trial 0<", page, StringComparison.Ordinal);

        // However little room there is, one is kept.
        HtmlReport.Write(report, path, 0);
        Assert.Equal(1, File.ReadAllText(path).Split("<option>").Length - 1);
    }

    [Fact]
    public void Tables_tell_what_heads_what()
    {
        var page = PageOf(SomePanels.Report());
        Assert.Contains("<caption>Scores of the test trials</caption>", page, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"col\">score</th>", page, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">bits per spike</th>", page, StringComparison.Ordinal);
        Assert.Contains("<td class=\"number\">0.87</td>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Sections_of_one_name_have_addresses_of_their_own()
    {
        var page = PageOf(new Report("r", "", [new("a", "A", ""), new("a", "B", ""), new("", "C", "")]));
        var addresses = Regex.Matches(page, "<section id=\"(?<id>[^\"]*)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Select(match => match.Groups["id"].Value).ToList();
        Assert.Equal(3, addresses.Distinct(StringComparer.Ordinal).Count());
    }

    private static Panel Noisy(int units, int bins, int seed)
    {
        var panel = SomePanels.Heat(units: units, bins: bins, seed: seed);
        var heat = (HeatMark)panel.Marks[0];
        var random = new Random(seed);
        foreach (var unit in Enumerable.Range(0, units))
        {
            foreach (var bin in Enumerable.Range(0, bins))
            {
                heat.Values[unit, bin] += random.NextDouble();
            }
        }

        return panel;
    }

    private static double[] Unpacked(JsonNode numbers) => numbers is JsonArray list
        ? [.. list.Select(one => one?.GetValue<double>() ?? double.NaN)]
        : [.. Enumerable.Range(0, numbers["count"]!.GetValue<int>()).Select(i => numbers["from"]!.GetValue<double>() + (i * numbers["step"]!.GetValue<double>()))];

    private static void Close(IReadOnlyList<double> expected, double[] actual)
    {
        Assert.Equal(expected.Count, actual.Length);
        var spread = expected.Max() - expected.Min();
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * spread));
    }

    private string Write(Report report)
    {
        var path = Path.Combine(_folder.FullName, "report.html");
        HtmlReport.Write(report, path);
        return path;
    }

    private string PageOf(Report report) => File.ReadAllText(Write(report));

    [GeneratedRegex("<script>(?<text>.*?)</script>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Scripts();
}
