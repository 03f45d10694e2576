"""What a gradient needs: activity, rules, and how the reverse gets each value back."""
