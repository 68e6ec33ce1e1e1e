namespace IlqrVae.Reports.Panels;

/// <summary>A color by what it means. What it looks like is the renderer's to say, on light paper and on a dark screen.</summary>
/// <param name="Meaning">What it means.</param>
/// <param name="Value">Which one: of <see cref="ColorMeaning.Series"/> its number, of scales a value from 0 to 1.</param>
public readonly record struct PanelColor(ColorMeaning Meaning, double Value = 0)
{
    /// <summary>Gets the color of what is true or was recorded.</summary>
    public static PanelColor Truth => new(ColorMeaning.Truth);

    /// <summary>Gets the color of what the model says.</summary>
    public static PanelColor Found => new(ColorMeaning.Found);

    /// <summary>Gets the color of what something is compared with.</summary>
    public static PanelColor Compared => new(ColorMeaning.Compared);

    /// <summary>Gets the color of what stays behind: a chance level, a zero.</summary>
    public static PanelColor Muted => new(ColorMeaning.Muted);

    /// <summary>The color of the series with this number: neuron, input, condition. They repeat after some.</summary>
    /// <param name="number">From 0.</param>
    /// <returns>The color.</returns>
    public static PanelColor Series(int number) => new(ColorMeaning.Series, number);

    /// <summary>A color along a scale, such as of time.</summary>
    /// <param name="share">From 0 to 1.</param>
    /// <returns>The color.</returns>
    public static PanelColor Scale(double share) => new(ColorMeaning.Scale, share);

    /// <summary>A color around a circle, such as of the angle of a reach.</summary>
    /// <param name="turn">From 0 to 1, which are the same color.</param>
    /// <returns>The color.</returns>
    public static PanelColor Circle(double turn) => new(ColorMeaning.Circle, turn);
}

/// <summary>What a color means.</summary>
public enum ColorMeaning
{
    /// <summary>What is true or was recorded.</summary>
    Truth,

    /// <summary>What the model says.</summary>
    Found,

    /// <summary>What something is compared with.</summary>
    Compared,

    /// <summary>What stays behind.</summary>
    Muted,

    /// <summary>One of several.</summary>
    Series,

    /// <summary>A value on a scale.</summary>
    Scale,

    /// <summary>A value on a circle.</summary>
    Circle,
}
