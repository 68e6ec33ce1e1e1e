using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Tests;

public sealed class PanelWords
{
    [Theory]
    [InlineData("time", "s", "time (s)")]
    [InlineData("share", "", "share")]
    public void An_axis_tells_its_unit_where_it_has_one(string label, string unit, string text)
        => Assert.Equal(text, new Axis(label, unit).Text);
}
