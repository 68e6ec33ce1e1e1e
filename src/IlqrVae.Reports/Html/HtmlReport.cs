using System.Buffers;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IlqrVae.Data;
using IlqrVae.Reports.Drawing;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Html;

/// <summary>
/// A report as one HTML file that asks no network for anything: words, tables, and panels that are drawn in the browser, by plotly.js, which is in the file. A policy in
/// the file forbids any other script, so that no name of a trial can become one.
/// </summary>
public static class HtmlReport
{
    /// <summary>The most bytes that a file has; choices beyond are left out, evenly, and the page says so.</summary>
    public const int MostBytes = 8_000_000;

    /// <summary>Writes a report; what was at the path before stays until the new file is complete.</summary>
    /// <param name="report">The report.</param>
    /// <param name="path">The file.</param>
    public static void Write(Report report, string path) => Write(report, path, MostBytes);

    /// <summary>The same within so many bytes.</summary>
    internal static void Write(Report report, string path, int mostBytes)
    {
        ArgumentNullException.ThrowIfNull(report);
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
            Write(report, writer, mostBytes, live: false);
        });
    }

    /// <summary>The page of a report whose sections come by and by, from the address <see cref="LiveAddress"/> beside the page.</summary>
    /// <param name="title">The title it has at first.</param>
    /// <param name="summary">The sentences below.</param>
    internal static byte[] LivePage(string title, string summary)
    {
        using var stream = new MemoryStream();
        using (var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" })
        {
            Write(new Report(title, summary, []), writer, MostBytes, live: true);
        }

        return stream.ToArray();
    }

    /// <summary>The sections of a report as a page that is open takes them: each a JSON object, which is to come after the one before it.</summary>
    /// <param name="sections">The sections.</param>
    /// <param name="after">The id of the section that the first comes after; empty for none.</param>
    internal static IEnumerable<(string Id, byte[] Message)> LiveSections(IReadOnlyList<ReportSection> sections, string after = "")
    {
        foreach (var packed in Pack(new Report("", "", sections), MostBytes))
        {
            using var inside = new StringWriter { NewLine = "\n" };
            WriteInside(inside, packed with { Section = packed.Section with { Words = "" } });
            var before = after;
            after = packed.Id;
            yield return (packed.Id, JsonOf(writer =>
            {
                writer.WriteString("type", "section");
                writer.WriteString("id", packed.Id);
                writer.WriteString("after", before);
                writer.WriteString("title", packed.Section.Title);
                writer.WriteString("words", packed.Section.Words);
                writer.WriteString("html", inside.ToString());
                if (packed.Panels is not null)
                {
                    writer.WriteString("panels", packed.Panels);
                }

                writer.WriteStartArray("choices");
                foreach (var choice in packed.Choices)
                {
                    writer.WriteStringValue(choice.Packed);
                }

                writer.WriteEndArray();
            }));
        }
    }

    /// <summary>The title and the sentences below it, as a page that is open takes them.</summary>
    internal static byte[] LiveHead(string title, string summary) => JsonOf(writer =>
    {
        writer.WriteString("type", "head");
        writer.WriteString("title", title);
        writer.WriteString("summary", summary);
    });

    /// <summary>What went wrong, as a page that is open takes it.</summary>
    internal static byte[] LiveTrouble(string words) => JsonOf(writer =>
    {
        writer.WriteString("type", "trouble");
        writer.WriteString("words", words);
    });

    /// <summary>That nothing more will come, as a page that is open takes it.</summary>
    internal static byte[] LiveEnd(string words) => JsonOf(writer =>
    {
        writer.WriteString("type", "ended");
        writer.WriteString("words", words);
    });

    /// <summary>Where a page that is live asks for what comes, relative to its own address.</summary>
    internal const string LiveAddress = "events";

    private static void Write(Report report, StreamWriter page, int mostBytes, bool live)
    {
        var (style, plotting, drawing) = (Asset("report.css"), Asset("plotly.js"), Asset("report.js"));
        var sections = Pack(report, mostBytes - style.Length - plotting.Length - drawing.Length - 100_000);
        page.Write(
            $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src {HashOf(plotting)} {HashOf(drawing)}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'{(live ? "; connect-src 'self'" : "")}">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="generator" content="iLQR-VAE for .NET">
            <title>{Escaped(report.Title)}</title>{(live ? "\n<link rel=\"icon\" href=\"data:,\">" : "")}
            <style>
            {style}
            </style>
            </head>
            <body>
            <a class="skip" href="#content">To the content</a>
            <header>
            <h1>{Escaped(report.Title)}</h1>
            <p class="summary">{Escaped(report.Summary)}</p>{(live ? "\n<p class=\"note\" id=\"state\" role=\"status\"></p>" : "")}
            <button type="button" id="theme" hidden>Dark</button>
            <noscript><p class="note">Pictures on this page are drawn by a script, and scripts are switched off. Words and tables are all here.</p></noscript>
            </header>
            <div class="columns">
            <nav aria-label="Contents"><ol>

            """);
        foreach (var section in sections)
        {
            page.Write($"<li><a href=\"#{section.Id}\">{Escaped(section.Section.Title)}</a></li>\n");
        }

        page.Write("</ol></nav>\n<main id=\"content\" tabindex=\"-1\">\n");
        foreach (var section in sections)
        {
            WriteSection(page, section);
        }

        page.Write(
            $"""
            </main>
            </div>
            <footer>
            <details><summary>About this page</summary>
            <p>Made by iLQR-VAE for .NET. {(live ? "It shows a training while that is at work, and keeps what it has until it is closed; the report at the end is a file." : "It is one file, which loads nothing: it can be kept, sent and opened anywhere.")} Numbers behind a picture, rounded to what can be seen, are under “CSV”.</p>
            <p>Pictures are drawn by plotly.js 3.7.0, copyright 2012-2026 Plotly, Inc., under the MIT license:</p>
            <p class="license">{Escaped(License)}</p>
            </details>
            </footer>

            """);
        foreach (var section in sections)
        {
            foreach (var (id, packed) in section.Packed)
            {
                page.Write($"<script type=\"application/octet-stream\" id=\"{id}\">{packed}</script>\n");
            }
        }

        page.Write($"<script type=\"application/json\" id=\"setup\">{Setup(sections, live)}</script>\n<script>{plotting}</script>\n<script>{drawing}</script>\n</body>\n</html>\n");
    }

    private static void WriteSection(StreamWriter page, PackedSection packed)
    {
        page.Write($"<section id=\"{packed.Id}\" aria-labelledby=\"{packed.Id}-title\">\n");
        WriteInside(page, packed);
        page.Write("</section>\n");
    }

    private static void WriteInside(TextWriter page, PackedSection packed)
    {
        var section = packed.Section;
        page.Write($"<h2 id=\"{packed.Id}-title\">{Escaped(section.Title)}</h2>\n");
        if (section.Words.Length > 0)
        {
            page.Write($"<p>{Escaped(section.Words)}</p>\n");
        }

        foreach (var table in section.Tables)
        {
            WriteTable(page, table);
        }

        page.Write("<div class=\"panels\"></div>\n");
        if (section.Choices.Count > 0)
        {
            page.Write(
                $"""
                <div class="picker" role="group" aria-label="{Escaped(section.ChoiceOf)}">
                <label for="{packed.Id}-choice">{Escaped(section.ChoiceOf)}</label>
                <select id="{packed.Id}-choice">

                """);
            foreach (var choice in packed.Choices)
            {
                page.Write($"<option>{Escaped(choice.Label)}</option>\n");
            }

            page.Write(
                $"""
                </select>
                <button type="button" class="previous" aria-label="Previous {Escaped(section.ChoiceOf)}">‹</button>
                <button type="button" class="next" aria-label="Next {Escaped(section.ChoiceOf)}">›</button>
                <span class="place" aria-live="polite"></span>
                </div>
                {(packed.Choices.Count < section.Choices.Count ? $"<p class=\"note\">Of {section.Choices.Count} this file has {packed.Choices.Count}, evenly spaced, so that it stays small enough to send.</p>" : "")}
                <div class="panels chosen"></div>

                """);
        }
    }

    private static void WriteTable(TextWriter page, ReportTable table)
    {
        page.Write($"<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"{Escaped(table.Title)}\"><table>\n<caption>{Escaped(table.Title)}</caption>\n<thead><tr>");
        foreach (var column in table.Columns)
        {
            page.Write(column.Length == 0 ? "<td></td>" : $"<th scope=\"col\">{Escaped(column)}</th>");
        }

        page.Write("</tr></thead>\n<tbody>\n");
        foreach (var row in table.Rows)
        {
            page.Write("<tr>");
            foreach (var (column, cell) in row.Index())
            {
                page.Write(column == 0 ? $"<th scope=\"row\">{Escaped(cell)}</th>" : $"<td{(LooksLikeNumber(cell) ? " class=\"number\"" : "")}>{Escaped(cell)}</td>");
            }

            page.Write("</tr>\n");
        }

        page.Write($"</tbody>\n</table>{(table.Note.Length > 0 ? $"<p class=\"note\">{Escaped(table.Note)}</p>" : "")}</div>\n");
    }

    private static bool LooksLikeNumber(string cell) => cell.Length > 0 && (char.IsAsciiDigit(cell[0]) || (cell[0] is '-' or '+' or '.' or '−' && cell.Length > 1 && (char.IsAsciiDigit(cell[1]) || cell[1] == '.')));

    /// <summary>Packs all panels, and leaves out choices where there would be too many bytes.</summary>
    private static List<PackedSection> Pack(Report report, int mostBytes)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        var sections = new List<PackedSection>();
        foreach (var (number, section) in report.Sections.Index())
        {
            var id = new string([.. section.Name.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')]);
            id = id.Length > 0 && used.Add("s-" + id) ? "s-" + id : string.Create(CultureInfo.InvariantCulture, $"s-{number}-");
            var choices = section.Choices.Select(choice => new PackedChoice(choice.Label, PanelJson.Pack(choice.Panels))).ToList();
            sections.Add(new PackedSection(section, id, section.Panels.Count > 0 ? PanelJson.Pack(section.Panels) : null, choices));
        }

        // The most that is left for choices: the largest share of each section that fits.
        var room = mostBytes - sections.Sum(section => (section.Panels?.Length ?? 0) + TextLength(section.Section));
        var most = sections.Sum(section => section.Choices.Sum(choice => (long)choice.Packed.Length));
        return most <= room ? sections : [.. sections.Select(section => section with { Choices = Thinned(section.Choices, Math.Max(0, room) / (double)most) })];
    }

    private static int TextLength(ReportSection section)
        => section.Words.Length + section.Tables.Sum(table => table.Rows.Sum(row => row.Sum(cell => cell.Length + 30))) + section.Choices.Sum(choice => choice.Label.Length + 100);

    /// <summary>So many evenly spaced choices, the first among them, that they have at most this share of the bytes; at least one.</summary>
    private static List<PackedChoice> Thinned(List<PackedChoice> choices, double share)
    {
        var most = share * choices.Sum(choice => (long)choice.Packed.Length);
        for (var count = choices.Count - 1; count > 1; count--)
        {
            var kept = Enumerable.Range(0, count).Select(i => choices[(int)((long)i * choices.Count / count)]).ToList();
            if (kept.Sum(choice => (long)choice.Packed.Length) <= most)
            {
                return kept;
            }
        }

        return [.. choices.Take(1)];
    }

    private static byte[] JsonOf(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string Setup(List<PackedSection> sections, bool live)
        => Encoding.UTF8.GetString(JsonOf(writer =>
        {
            if (live)
            {
                writer.WriteString("live", LiveAddress);
            }

            foreach (var (name, diverging, dark) in new[] { ("scale", false, false), ("parting", true, false), ("partingOnDark", true, true) })
            {
                writer.WriteStartArray(name);
                foreach (var color in Palette.Anchors(diverging, dark))
                {
                    writer.WriteStringValue(color);
                }

                writer.WriteEndArray();
            }

            writer.WriteNumber("turn", ViewOfSpace.Turn);
            writer.WriteNumber("tilt", ViewOfSpace.Tilt);
            writer.WriteStartArray("sections");
            foreach (var section in sections)
            {
                writer.WriteStartObject();
                writer.WriteString("id", section.Id);
                writer.WriteString("choiceOf", section.Section.ChoiceOf);
                if (section.Panels is not null)
                {
                    writer.WriteString("panels", section.IdOfPanels);
                }

                writer.WriteStartArray("choices");
                for (var i = 0; i < section.Choices.Count; i++)
                {
                    writer.WriteStringValue(section.IdOfChoice(i));
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }));

    /// <summary>What a policy calls a script by.</summary>
    private static string HashOf(string script) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'";

    /// <summary>A text of the program, with the ends of lines that a browser sees.</summary>
    private static string Asset(string name)
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the program.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string Escaped(string text) => WebUtility.HtmlEncode(text);

    private const string License =
        """
        Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
        """;

    private sealed record PackedChoice(string Label, string Packed);

    private sealed record PackedSection(ReportSection Section, string Id, string? Panels, List<PackedChoice> Choices)
    {
        public string IdOfPanels => $"{Id}-panels";

        public IEnumerable<(string Id, string Packed)> Packed
            => (Panels is null ? [] : new[] { (IdOfPanels, Panels) }).Concat(Choices.Select((choice, i) => (IdOfChoice(i), choice.Packed)));

        public string IdOfChoice(int number) => string.Create(CultureInfo.InvariantCulture, $"{Id}-choice-{number}");
    }
}
