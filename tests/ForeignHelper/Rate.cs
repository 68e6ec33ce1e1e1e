namespace ForeignHelper;

/// <summary>What an assembly of somebody else takes from a neighbour.</summary>
public static class Rate
{
    public static double Value => 0.9;
}
