using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using IlqrVae.Reports.Drawing;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Html;

/// <summary>Panels as a page keeps them: JSON, compressed, in letters that mean nothing to HTML.</summary>
internal static class PanelJson
{
    /// <summary>Packs panels that are drawn together.</summary>
    public static string Pack(IReadOnlyList<Panel> panels)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zip.Write(Json(panels));
        }

        return Convert.ToBase64String(packed.GetBuffer(), 0, (int)packed.Length);
    }

    /// <summary>The panels as JSON.</summary>
    public static ReadOnlySpan<byte> Json(IReadOnlyList<Panel> panels)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            var pool = new NumberPool();
            writer.WriteStartObject();
            writer.WriteStartArray("panels");
            foreach (var panel in panels)
            {
                WritePanel(writer, pool, panel);
            }

            writer.WriteEndArray();
            writer.WritePropertyName("numbers");
            pool.Write(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan;
    }

    private static void WritePanel(Utf8JsonWriter writer, NumberPool pool, Panel panel)
    {
        var legend = PanelLegend.Of(panel);
        writer.WriteStartObject();
        writer.WriteString("kind", panel.Kind);
        writer.WriteString("title", panel.Title);
        writer.WriteString("caption", panel.Caption);
        writer.WriteString("description", panel.Description);
        writer.WriteNumber("aspect", panel.Aspect);
        writer.WriteBoolean("equal", panel.EqualUnits);
        var ends = panel.Z is null ? [PanelRange.OfX(panel), PanelRange.OfY(panel)] : ViewOfSpace.Of(panel).Ends;
        WriteAxis(writer, "x", panel.X, ends[0]);
        WriteAxis(writer, "y", panel.Y, ends[1]);
        if (panel.Z is not null)
        {
            WriteAxis(writer, "z", panel.Z, ends[2]);
        }

        writer.WriteStartArray("legend");
        foreach (var entry in legend.Entries)
        {
            writer.WriteStartObject();
            writer.WriteString("name", entry.Name);
            WriteColor(writer, entry.Color);
            writer.WriteString("sign", entry.Sign.ToString().ToLowerInvariant());
            writer.WriteStartArray("types");
            foreach (var mark in entry.Marks.DistinctBy(mark => mark.GetType()))
            {
                writer.WriteStringValue(PanelCsv.KindOf(mark));
            }

            writer.WriteEndArray();
            writer.WriteBoolean("dashed", entry.Marks.OfType<LineMark>().Any(line => line.Dashed));
            writer.WriteString("shape", (entry.Marks.OfType<PointMark>().FirstOrDefault()?.Shape ?? PointShape.Disc).ToString().ToLowerInvariant());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("marks");
        foreach (var mark in panel.Marks)
        {
            writer.WriteStartObject();
            writer.WriteString("type", PanelCsv.KindOf(mark));
            writer.WriteString("name", mark.Name);
            WriteColor(writer, mark.Color);
            writer.WriteBoolean("inLegend", mark.InLegend);
            WriteMark(writer, pool, panel, legend, mark);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteMark(Utf8JsonWriter writer, NumberPool pool, Panel panel, PanelLegend legend, Mark mark)
    {
        void Numbers(string name, IEnumerable<double>? numbers, bool logarithmic = false)
        {
            if (numbers is not null)
            {
                writer.WriteNumber(name, pool.Add(numbers, logarithmic ? NumberPool.DigitsOfEach : NumberPool.DigitsOfPlaces));
            }
        }

        var (x, y) = (panel.X.Logarithmic, panel.Y.Logarithmic);
        switch (mark)
        {
            case LineMark line:
                Numbers("x", line.X, x);
                Numbers("y", line.Y, y);
                Numbers("z", line.Z);
                writer.WriteBoolean("dashed", line.Dashed);
                writer.WriteNumber("width", line.Width);
                writer.WriteString("sign", legend.SignOf(line).ToString().ToLowerInvariant());
                break;
            case BandMark band:
                Numbers("x", band.X, x);
                Numbers("low", band.Low, y);
                Numbers("high", band.High, y);
                break;
            case PointMark points:
                Numbers("x", points.X, x);
                Numbers("y", points.Y, y);
                Numbers("z", points.Z);
                Numbers("errors", points.Errors);
                writer.WriteString("shape", points.Shape.ToString().ToLowerInvariant());
                if (points.Labels is not null)
                {
                    writer.WriteStartArray("labels");
                    foreach (var label in points.Labels)
                    {
                        writer.WriteStringValue(label);
                    }

                    writer.WriteEndArray();
                }

                break;
            case StrokeMark strokes:
                Numbers("x", strokes.X, x);
                Numbers("y", strokes.Row);
                break;
            case BarMark bars:
                Numbers("x", bars.X, x);
                Numbers("y", bars.Height, y);
                Numbers("errors", bars.Errors);
                writer.WriteNumber("width", bars.Width);
                break;
            case HeatMark heat:
                var scale = HeatImage.Scale(heat);
                Numbers("x", heat.X);
                Numbers("y", heat.Y);
                writer.WriteNumber("values", pool.Add(heat.Values.Cast<double>(), NumberPool.DigitsOfColors));
                writer.WriteString("unit", heat.Unit);
                writer.WriteBoolean("diverging", heat.Diverging);
                WritePair(writer, "scale", scale);
                writer.WriteBoolean("cut", HeatImage.IsCut(heat));
                break;
            case RuleMark rule:
                writer.WriteNumber("position", rule.Position);
                writer.WriteBoolean("vertical", rule.Vertical);
                break;
            case SpanMark span:
                writer.WriteNumber("from", span.From);
                writer.WriteNumber("to", span.To);
                break;
        }
    }

    private static void WriteAxis(Utf8JsonWriter writer, string name, Axis axis, (double Low, double High) ends)
    {
        writer.WriteStartObject(name);
        writer.WriteString("text", axis.Text);
        writer.WriteString("label", axis.Label);
        writer.WriteString("unit", axis.Unit);
        writer.WriteBoolean("log", axis.Logarithmic);
        WritePair(writer, "range", ends);
        if (axis.Ticks is not null)
        {
            writer.WriteStartArray("ticks");
            foreach (var (position, label) in axis.Ticks)
            {
                writer.WriteStartArray();
                writer.WriteNumberValue(position);
                writer.WriteStringValue(label);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WritePair(Utf8JsonWriter writer, string name, (double, double) pair)
    {
        writer.WriteStartArray(name);
        writer.WriteNumberValue(pair.Item1);
        writer.WriteNumberValue(pair.Item2);
        writer.WriteEndArray();
    }

    private static void WriteColor(Utf8JsonWriter writer, PanelColor color)
    {
        writer.WriteStartArray("color");
        writer.WriteStringValue(Palette.Hex(Palette.Of(color)));
        writer.WriteStringValue(Palette.Hex(Palette.Of(color, dark: true)));
        writer.WriteEndArray();
    }
}
